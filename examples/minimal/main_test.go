package main

func Example() {
	main()
	// Output:
	// webhook: accepted
	// person: You said: Tere!
}
