// Package login is the web pages of an authentication from a chat: what a person
// sees behind the link that alt.Turn.Authenticate has sent.
//
//	pages, err := login.New(login.Config{Service: svc})
//	mux.Handle("/login/", http.StripPrefix("/login", pages)) // where alt.Logins.URL says
//
// The link shows which conversation is about to be confirmed; a GET spends
// nothing, because chat applications open links by themselves. Its button spends
// it for that one browser, which then chooses a method, authenticates, and is
// brought back into the chat. Everybody else who opens the link is told nothing.
//
// The pages are in Estonian (the default), English and Russian, need no script
// for methods without a live picture, load nothing from elsewhere, and set one
// cookie. An application that wants pages of its own makes them from
// alt.Service.LoginPages.
package login
