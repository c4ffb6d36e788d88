// Package pgstore is an alt.Store in PostgreSQL 15 or newer, for a service of
// several processes, replicas, that share a database and nothing else.
//
//	err := pgstore.Migrate(ctx, pgstore.Migration{DSN: owner, Application: "liidestuja", Version: pgstore.Latest}) // once a release
//	st, err := pgstore.Open(ctx, pgstore.Config{DSN: dsn, KeyFile: "secret/alt.key"})
//	if err != nil {
//		return err
//	}
//	defer st.Close()
//
// Calls of one replica come together in one writer, which puts all that wait into
// one transaction: a round trip that locks and reads what they need, the
// decisions, and a round trip that writes and commits.
//
// # Who may do what at the same time
//
// Everything about a person on a line, and each lane of other events, has an
// advisory lock, which a transaction holds until its end. The writer knows before
// it begins which ones its calls need and takes them in the order of their
// numbers, so replicas never wait for one another in a circle; a lock that shows
// to be needed later is only tried. Under the locks a call sees what was
// committed last, and Versions decide conflicts as in any other store.
//
// # How the order of a lane is kept
//
// The first item of a lane is marked as its head when it comes in or when the one
// before it leaves, under the lane's lock. Claim takes heads only, with SKIP
// LOCKED, and waits for nobody. The alternative, that each replica owns a part
// of the people under a lease with an epoch and keeps their lanes in memory,
// saves these marks, but needs every event to be carried to its owner and stops
// a part of the people whenever a replica comes or goes. The marks cost an index
// entry an item, which was taken for any replica being able to do any work.
//
// Leases run on the database's clock, tokens come from a sequence. A replica
// holds an advisory lock of its own: when its process dies the server releases
// that at once, and others take its work back, messages to Reconcile. Positions of
// conversations and numbers of the security log are given at the end of a
// transaction under the lock of the agency's row, so that they follow the order
// of commits; a sequence would not.
//
// # What is promised of deleted content
//
// A withdrawn text is overwritten, and a deleted file's rows are deleted, in the
// transaction that says so, and no query finds them afterwards. PostgreSQL keeps
// the old row in its files until VACUUM has come by, which autovacuum does, and
// in its write-ahead log, standbys and archives as long as those are kept. Files
// and identities are sealed with AES-256-GCM under Config.Key.
//
// A transaction that stays open for long, anybody's, keeps VACUUM from the rows
// that queues leave behind, and makes claims slower.
package pgstore
