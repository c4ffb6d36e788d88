package alttest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/channels"
)

// tester stands for the *testing.T of a test; examples have none.
type tester struct{ testing.TB }

func (tester) Helper()                           {}
func (tester) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (tester) Fatal(args ...any)                 { panic(fmt.Sprint(args...)) }

// In a test, t takes the place of tester{}.
func Example() {
	hs := alttest.New(tester{}, alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
		return t.ReplyText(strings.ToUpper(t.Text()))
	}))
	chat := hs.Chat("whatsapp")
	chat.Says("tere").Expect("TERE")
	chat.Redelivered().ExpectNothing() // providers deliver twice
	hs.Restart()
	chat.Redelivered().ExpectNothing()
	fmt.Println(len(chat.Transcript()), "messages")
	// Output: 2 messages
}

// A provider that fails, and what becomes of the answer.
func ExampleHarness_Fake() {
	hs := alttest.New(tester{}, alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error { return t.ReplyText("answer") }))
	chat := hs.Chat("sms")
	hs.Fake("sms").FailNext(channels.ErrRateLimited)
	chat.Says("question").ExpectNothing()
	hs.Advance(time.Minute)
	chat.Expect("answer")

	hs.Fake("sms").FailNext(fmt.Errorf("connection lost")) // did it go out?
	chat.Says("another").ExpectNothing()
	hs.Advance(time.Hour)
	chat.ExpectNothing() // it is never sent again in silence
	fmt.Println(hs.Letters()[0].State)
	// Output: uncertain
}

// A window that closes while nobody looks.
func ExampleHarness_Advance() {
	hs := alttest.New(tester{}, alt.HandlerFunc(func(context.Context, *alt.Turn) error { return nil }))
	chat := hs.Chat("whatsapp")
	chat.Says("question")
	hs.Advance(25 * time.Hour)
	_, err := hs.Service().Send(context.Background(), channels.Outbound{To: chat.Address(), Content: channels.Text{Body: "late"}})
	fmt.Println(err)
	// Output: send on whatsapp: reply window closed; instead: template, other_channel
}
