// Package sqlitestore is an alt.Store in one SQLite file, for a service that
// is one process: no server to run, and a Commit that returned survives a power
// cut.
//
//	st, err := sqlitestore.Open(ctx, sqlitestore.Config{Path: "data/alt.db", KeyFile: "secret/alt.key"})
//	if err != nil {
//		return err
//	}
//	defer st.Close()
//
// Calls come together in one writer, which puts all that wait into one
// transaction, so that many callers share one sync of the disk:
//
//	Accept, Commit, … --> encode in the caller --> one goroutine: BEGIN, job, job, job, COMMIT --> answers
//
// Order is kept in memory (internal/lanes) and follows the transactions; what
// is known of the people who write is cached, so that a turn reads nothing.
// Archive queries read beside the writer and never hold it up; a connection of
// its own writes the log back into the database.
//
// Beside Path lie its -wal and -shm files while the store is open, a lock file
// and a folder with the files of messages, each sealed with AES-256-GCM. All are
// readable by their owner only.
package sqlitestore
