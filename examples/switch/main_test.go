package main

func Example() {
	main()
	// Output:
	// Mari: Tere, õhtust!
	// agency: Kirjutasite: Tere, õhtust!. Kas soovite rääkida inimesega? 1. Jah 2. Ei
	// Mari: [Jah]
	// agency: Valisite: Jah
	// Mari: (image)
	// agency: Sain kätte: image
	// Mari: (59.437, 24.754)
	// agency: Olete kohas 59.437, 24.754
	// Mari: Здравствуйте
	// agency: Kirjutasite: Здравствуйте. Kas soovite rääkida inimesega? 1. Jah 2. Ei
	// Mari: [Ei]
	// agency: Valisite: Ei
	//
	// MessageBird, whatsapp: the same transcript: true
	// Bird, whatsapp: the same transcript: true
	// Meta, whatsapp: the same transcript: true
	// MessageBird, messenger: the same transcript: true
	// Bird, messenger: the same transcript: true
	// Meta, messenger: the same transcript: true
	//
	// waiting at MessageBird: map[inbox:0 media:0 outbox:1 reconcile:0] shown: 0
	// shown by Meta: Kirjutasite: Tere. Kas soovite rääkida inimesega?
	// shown by Meta: Kirjutasite: Kas keegi on seal?. Kas soovite rääkida inimesega?
	// Mari: Tere
	// agency: Kirjutasite: Tere. Kas soovite rääkida inimesega? 1. Jah 2. Ei
	// Mari: Kas keegi on seal?
	// agency: Kirjutasite: Kas keegi on seal?. Kas soovite rääkida inimesega? 1. Jah 2. Ei
}
