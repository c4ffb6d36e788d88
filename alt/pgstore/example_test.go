package pgstore_test

import (
	"context"
	"log"

	"github.com/jackc/pgx/v5"

	"github.com/liidestuja/liidestuja/alt/pgstore"
	"github.com/liidestuja/liidestuja/channels"
)

// The owner of the tables migrates once a release; every replica opens the same
// database as the application's role.
func Example() {
	ctx := context.Background()
	err := pgstore.Migrate(ctx, pgstore.Migration{
		DSN: "postgres://owner@db.example/liidestuja", Application: "liidestuja", Version: pgstore.Latest,
	})
	if err != nil {
		log.Fatal(err)
	}
	st, err := pgstore.Open(ctx, pgstore.Config{DSN: "postgres://liidestuja@db.example/liidestuja", KeyFile: "secret/alt.key"})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = st.Close() }()
}

// An agency whose own tables are in the same database says something exactly
// when it has decided it.
func ExampleStore_EnqueueTx() {
	decide := func(ctx context.Context, db *pgx.Conn, st *pgstore.Store, who channels.Address) error {
		return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, "UPDATE applications SET state = 'granted' WHERE id = $1", 17); err != nil {
				return err
			}
			return st.EnqueueTx(ctx, tx, channels.Outbound{
				ID: "granted-17", To: who, Author: channels.System, Parts: 1, Content: channels.Text{Body: "Teie taotlus on rahuldatud."},
			})
		})
	}
	_ = decide
}
