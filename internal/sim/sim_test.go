package sim_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/internal/sim"
)

func TestFailuresAreUsedUpInTheirOrder(t *testing.T) {
	var s sim.Script[string]
	next := func(of string) string {
		f, ok := sim.Next(&s, func(f *string) bool { return (*f)[:1] == of })
		assert.Equal(t, f != "", ok)
		return f
	}
	s.FailNext(2, "a1")
	s.FailNext(0, "a2")
	s.FailNext(1, "b")
	s.FailNext(-1, "a3")
	assert.Equal(t, []string{"a1", "b", "", "a1", "a3", "a3"}, []string{next("a"), next("b"), next("b"), next("a"), next("a"), next("a")})
	s.Heal()
	assert.Empty(t, next("a"))
}

func TestTheLastThousandAreKept(t *testing.T) {
	var r sim.Recent[int]
	for i := range 1001 {
		r.Add(i)
	}
	all := r.All()
	require.Len(t, all, 1000)
	assert.Equal(t, []int{1, 1000}, []int{all[0], all[999]})
}

func TestABellWakesWhoWaitsAndNobodyAfterwards(t *testing.T) {
	var b sim.Bell
	b.Ring()
	before := b.Wait()
	b.Ring()
	<-before
	select {
	case <-b.Wait():
		t.Fatal("nobody rang")
	default:
	}
}

func TestALimitFillsWithTime(t *testing.T) {
	now := time.Unix(0, 0)
	l := sim.NewLimiter(2, 3, func() time.Time { return now })
	allowed := func() (n int) {
		for l.Allow() {
			n++
		}
		return n
	}
	assert.Equal(t, 3, allowed())
	now = now.Add(time.Second)
	assert.Equal(t, 2, allowed())
	now = now.Add(time.Hour)
	assert.Equal(t, 3, allowed())
	now = now.Add(-time.Hour)
	assert.Zero(t, allowed())
	assert.True(t, sim.NewLimiter(0, 0, func() time.Time { return now }).Allow())
}

func TestRetryAfterIsInWholeSeconds(t *testing.T) {
	h := http.Header{}
	sim.RetryAfter(h, 0)
	assert.Empty(t, h)
	sim.RetryAfter(h, 1500*time.Millisecond)
	assert.Equal(t, "2", h.Get("Retry-After"))
}

func TestAFaceIsTwoUnits(t *testing.T) {
	assert.Equal(t, []int{0, 4, 1, 2, 1}, []int{sim.UTF16(""), sim.UTF16("tere"), sim.UTF16("õ"), sim.UTF16("🙂"), sim.UTF16("\xff")})
}
