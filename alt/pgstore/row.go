package pgstore

import (
	"time"

	"github.com/jackc/pgx/v5"
)

// row is one row of a query, as the driver decodes it.
type row []any

func (r row) num(i int) int64 {
	switch n := r[i].(type) {
	case int64:
		return n
	case int32:
		return int64(n)
	case int16:
		return int64(n)
	}
	return 0
}

func (r row) str(i int) string {
	s, _ := r[i].(string)
	return s
}

func (r row) blob(i int) []byte {
	b, _ := r[i].([]byte)
	return b
}

func (r row) is(i int) bool {
	b, _ := r[i].(bool)
	return b
}

func (r row) time(i int) time.Time {
	t, ok := r[i].(time.Time)
	if !ok {
		return time.Time{}
	}
	return t.UTC()
}

// collect reads all rows.
func collect(rows pgx.Rows) ([]row, error) {
	defer rows.Close()
	var found []row
	for rows.Next() {
		r, err := rows.Values()
		if err != nil {
			return nil, err
		}
		found = append(found, r)
	}
	return found, rows.Err()
}

// moment is how a time is stored: NULL for the zero time.
func moment(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}

// text is how a string that may be absent is stored.
func text[T ~string](s T) any {
	if s == "" {
		return nil
	}
	return string(s)
}

// number is how a row number that may be absent is stored.
func number(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}

// blob is how bytes that may be absent are stored.
func blob(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}

// column turns one column of rows into an array, with NULLs. All values of a
// column are of one type.
func column(rows [][]any, i int) any {
	for _, r := range rows {
		switch r[i].(type) {
		case int64:
			return array[int64](rows, i)
		case string:
			return array[string](rows, i)
		case bool:
			return array[bool](rows, i)
		case time.Time:
			return array[time.Time](rows, i)
		case []byte:
			a := make([][]byte, len(rows))
			for n, r := range rows {
				a[n], _ = r[i].([]byte)
			}
			return a
		}
	}
	return make([]*string, len(rows)) // nothing but NULLs
}

func array[T any](rows [][]any, i int) []*T {
	a := make([]*T, len(rows))
	for n, r := range rows {
		if v, ok := r[i].(T); ok {
			a[n] = &v
		}
	}
	return a
}
