package main

func Example() {
	main()
	// Output: <nil> <nil> 200 You said: Tere!
}
