package channeltest_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

// A line without a provider: it fails when told, and signs what people write.
func Example() {
	ctx := context.Background()
	line := channeltest.New(channeltest.Config{Kind: channels.SMS})

	request := line.Post(line.Message("kati", "Tere!"))
	if err := line.Verify(ctx, request); err != nil {
		fmt.Println(err)
	}
	events, err := line.Parse(ctx, request)
	fmt.Println(len(events), events[0], err)

	line.FailNext(channels.ErrRateLimited)
	reply := channels.Outbound{ID: "1", To: events[0].Address(), Content: channels.Text{Body: "Tere, Kati!"}, Author: channels.Bot}
	_, err = line.Send(ctx, reply)
	fmt.Println(err, errors.Is(err, channels.ErrRateLimited))
	receipt, err := line.Send(ctx, reply)
	fmt.Println(receipt.ID, err, len(line.Sent()))

	report := line.StatusOf(receipt, channels.Delivered)
	fmt.Println(report.ID, report.Status)
	// Output:
	// 1 event on sms <nil>
	// send on sms: rate limited true
	// sms-out-2 <nil> 1
	// sms-out-2 delivered
}
