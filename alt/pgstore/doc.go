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
// before it leaves, under the lane's lock. A replica remembers the heads that
// its transactions made and suggests them; Claim asks the table for them by key,
// with SKIP LOCKED, waits for nobody, and reads the table only for heads that it
// does not know. The alternative, that each replica owns a part of the people
// under a lease with an epoch and keeps their lanes in memory, saves a mark an
// item, but needs every event to be carried to its owner and stops a part of the
// people whenever a replica comes or goes; ready.go has the measurements.
//
// Leases run on the database's clock, a claim has a token of its own. A replica
// holds an advisory lock of its own: when its process dies the server releases
// that at once, and others take its work back, messages to Reconcile. Positions of
// conversations, places of letters and numbers of the security log are given at the
// end of a transaction under the lock of the agency's row, so that they follow the
// order of commits; a sequence would not.
//
// # Roles of the database
//
// [Migrate] connects as the owner of the tables, once a release. Stores connect as
// the application's role, which it grants what they need: rows, and no more. That
// role changes no table, truncates none, and of the security log it can read and add
// entries but neither change nor remove them. Two things that only an owner may do
// it asks of functions of the owner's, which take nothing from who calls them, look
// at the owner's tables only, and judge by themselves: to make months and to drop
// them.
// A store may connect as the owner too, and works; then nothing but alt/audit keeps
// the log from being changed.
//
// # Months
//
// The contents of messages and the security log lie in partitions by month. Of what
// a turn leaves for years, 3.2 kB with its indexes, they are nearly two thirds. A month
// whose time is over is dropped, not deleted row by row, so the space is back at
// once and old rows are never vacuumed. Ids of messages and of providers must be
// unique over all months: they are in items, which is one table and holds no
// content. Raw bytes would be the largest, but are deleted after Config.RawFor,
// which is days.
//
// Numbers carry the month above their 40th bit, so the partition of a content is
// known by the id of its item, and ids still grow for ever and fit into JSON.
// Migrate makes the months of a year ahead, and any replica that purges keeps it so;
// should neither have come by for a year, rows wait in a partition for the rest and
// are moved later. A statement that looks a content up does so in one month: the
// others are left out before it begins or are never executed.
//
// Config.KeepFor and Migration.KeepLog say when the time of a month is over. A month
// of contents is dropped when no item of it is left, which the owner's function sees
// to: a conversation that is open or was used later, a letter, and what waits in a
// queue keep their own rows, and with them the month, from which everything else is
// deleted by itself. The log says what was removed from it and of which messages the
// contents are gone, in entries that alt/audit reads.
//
// # Through a pooler
//
// With Config.Pooled a store works through PgBouncer with pool_mode=transaction, or
// its like, with fewer connections than it would like to have: everything that it
// keeps in the server is over with a transaction. What it cannot have then:
//
//   - The death of a replica is not noticed, for the pooler keeps its connections.
//     Its work is free when the leases are over, and Close gives none back.
//   - There is no LISTEN. Work of other replicas is found by looking, each
//     Config.Poll, and messages of EnqueueTx within a second.
//   - Statements are not prepared, which costs the server time to plan each of them.
//   - enable_seqscan, enable_bitmapscan and jit are as the role has them: ALTER ROLE ... SET jit = off
//     is worth it.
//
// Migrate needs a way past the pooler: its locks and settings belong to a session.
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
