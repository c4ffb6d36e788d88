package main

func Example() {
	main()
	// Output:
	// Mari: Kas mu toetus on otsustatud?
	// agency: Sotsiaalkindlustusamet palub teil tõendada oma isik: (link) Link on ühekordne ja kehtib 5 minutit. Ärge saatke seda kellelegi edasi.
	// page: Valige, kuidas oma isikut tõendada
	// page: Kinnitage oma seadmes
	// telephone: Vestlus: Sotsiaalkindlustusamet, Viber
	// page: Isik on tõendatud
	// Mari: (the word of the link)
	// agency: Aitäh! Teie isik on tõendatud kuni selle vestluse lõpuni.
	// agency: MARI MAASIKAS, teie taotlus on läbivaatamisel.
	// Mari: Aga millal?
	// agency: MARI MAASIKAS, teie taotlus on läbivaatamisel.
}
