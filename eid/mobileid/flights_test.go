package mobileid

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestASessionIsNeverAskedForTwiceAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := flights{now: map[string]*flight{}}
		asked, now, most := 0, 0, 0
		ask := func() ([]byte, error) {
			asked++
			now++
			most = max(most, now)
			time.Sleep(time.Second)
			now--
			return []byte("answer"), nil
		}
		answers := make(chan string, 16)
		for range cap(answers) {
			go func() {
				body, _ := f.do(t.Context(), "a", ask)
				answers <- string(body)
			}()
		}
		for range cap(answers) {
			require.Equal(t, "answer", <-answers)
		}
		require.Equal(t, 1, asked, "the others have the same answer")

		_, err := f.do(t.Context(), "a", ask)
		require.NoError(t, err)
		require.Equal(t, 2, asked, "who comes later asks again")
		require.Equal(t, 1, most)
		require.Empty(t, f.now)
	})
}

func TestSessionsDoNotWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := flights{now: map[string]*flight{}}
		begin := time.Now()
		var asked atomic.Int32
		for _, key := range []string{"a", "b", "c"} {
			go func() {
				_, _ = f.do(t.Context(), key, func() ([]byte, error) {
					asked.Add(1)
					time.Sleep(time.Second)
					return nil, nil
				})
			}()
		}
		synctest.Wait()
		require.EqualValues(t, 3, asked.Load())
		require.Equal(t, begin, time.Now())
		time.Sleep(time.Second)
	})
}

func TestAnAnswerIsSharedAnEndOfPatienceIsNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := flights{now: map[string]*flight{}}
		outage := errors.New("outage")
		asked := 0
		ask := func(ctx context.Context) func() ([]byte, error) {
			return func() ([]byte, error) {
				asked++
				select {
				case <-ctx.Done():
					return nil, ctx.Err()
				case <-time.After(10 * time.Second):
					return nil, outage
				}
			}
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		results := make(chan error, 3)
		for _, ctx := range []context.Context{short, t.Context(), t.Context()} {
			go func() {
				_, err := f.do(ctx, "a", ask(ctx))
				results <- err
			}()
			synctest.Wait()
		}
		require.ErrorIs(t, <-results, context.DeadlineExceeded)
		require.ErrorIs(t, <-results, outage)
		require.ErrorIs(t, <-results, outage)
		require.Equal(t, 2, asked)
	})
}

func TestAPanicLeavesNobodyWaiting(t *testing.T) {
	f := flights{now: map[string]*flight{}}
	require.Panics(t, func() { _, _ = f.do(t.Context(), "a", func() ([]byte, error) { panic("bug") }) })
	_, err := f.do(t.Context(), "a", func() ([]byte, error) { return nil, nil })
	require.NoError(t, err)
}
