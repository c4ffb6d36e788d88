package pgstore

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Contents of messages and the security log lie in partitions by month, see
// migrations/004_months.up.sql. Numbers carry the month in their high bits, so a
// content is found in its month by the item's id, and ids still grow for ever.
// Their month is a bound, not a date: an item that comes in while no replica
// purges may carry a month that is over. Nothing is decided by it but where a
// content lies, and that a month without items is empty.
//
// The owner's functions keep_months, drop_months and drop_log do what the
// application may not. They take nothing from who calls them, and do what the time, the tables and
// the owner's terms allow: so who has taken over the application cannot have them
// drop what is needed, or fill the catalogue.

// monthBits is how many bits of a number count within its month.
const monthBits = 40

// firstNumber is the smallest number of the month of a time, as first_number in
// the database.
func firstNumber(t time.Time) int64 {
	y, m, _ := t.UTC().Date()
	return int64((y-2000)*12+int(m)-1) << monthBits
}

// keepMonths has the months made that are to come, a year ahead. Migrate does so
// too, so a failure is serious only when it lasts: what finds no month lies in a
// partition of its own until that is made.
func (s *Store) keepMonths(ctx context.Context) error {
	if err := s.ask(ctx, "SELECT keep_months()"); err != nil {
		return fmt.Errorf("pgstore: months were not made: %w", err)
	}
	return nil
}

// dropMonths has the months dropped that nothing needs any more.
func (s *Store) dropMonths(ctx context.Context) error {
	for _, f := range []string{"drop_months", "drop_log"} { // apart, to hold few locks at a time
		if err := s.ask(ctx, "SELECT "+f+"()"); err != nil {
			return fmt.Errorf("pgstore: months were not dropped: %w", err)
		}
	}
	return nil
}

// ask calls a function of the owner's. One that waits for who is reading gives up
// soon, because others wait behind it, and is called again: that is no error. Nor
// is it one that another replica has dropped a month in the same moment.
func (s *Store) ask(ctx context.Context, sql string) error {
	if err := s.open(ctx); err != nil {
		return err
	}
	defer s.closing.RUnlock()
	return s.pool.use(ctx, func(c *pgx.Conn) error {
		_, err := c.Exec(ctx, sql)
		switch sqlState(err) {
		case "55P03", "42P01": // lock_not_available, undefined_table
			return nil
		}
		return unreadable(ctx, err)
	})
}
