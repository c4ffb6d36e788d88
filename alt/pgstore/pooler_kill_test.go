//go:build unix

package pgstore_test

import "testing"

// TestKillThroughAPooler is TestKill with a pooler before the database.
func TestKillThroughAPooler(t *testing.T) {
	kills := 12
	if testing.Short() {
		kills = 4
	}
	dsn := database(t)
	c := &cluster{T: t, dsn: dsn, pooler: throughPooler(t, dsn)}
	c.run(3, kills)
}
