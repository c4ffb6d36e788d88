// Package lines adds lines to a running service and takes them away again, for the
// people of an agency: as an API, on pages and by commands.
//
//	login:   Begin -> Open -> the provider's dialog -> Return -> Login shows what may be added
//	adding:  subscribe at the provider -> seal the token -> store -> into service
//	removal: end the subscription -> store (the secret is destroyed) -> out of service, as a tombstone
//
// Each act can fail and each process can end between two of them. What is stored
// decides: at a start the lines that are stored as active are served, and nothing
// else. A line that was subscribed and not stored is not served, and adding it
// again goes on where it ended; one whose removal was broken off is served on, and
// removing it again goes on likewise. Every act is in the agency's security log.
//
// Several processes over one store change lines one at a time, each puts into
// service what another has stored, and a line is served by all of them before the
// provider is told to send: see Config.Spread. A login goes on at any of them.
//
// What is the provider's own is behind [Provider].
package lines
