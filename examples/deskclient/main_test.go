package main

func Example() {
	main()
	// Output:
	// webhook: 200
	// messenger: 1 unread, 2 messages, the first is in {"kind":"text","text":"Kuidas taotleda passi?"}
	// person reads: Tere! Taotlege iseteeninduses.
}
