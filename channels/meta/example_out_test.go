package meta_test

import (
	"fmt"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/meta"
)

// A book is filled from App.Templates when the service starts, and follows the
// events that the service gives to its operator.
func ExampleTemplateBook() {
	book := new(meta.TemplateBook)
	book.Replace("whatsapp", []meta.Template{{ID: "1", Name: "booking", Language: "et", State: meta.TemplateApproved}})
	operator := func(e channels.Event) {
		if change, ok := e.(*channels.LineChanged); ok {
			book.Apply(change)
		}
	}
	operator(&channels.LineChanged{
		EventMeta: channels.EventMeta{Channel: "whatsapp"}, Subject: "template", Name: "booking/et", State: "paused",
	})
	fmt.Println(book.Variants("whatsapp", "booking")[0].State)
	fmt.Println(meta.Advice("132015"))
	// Output:
	// PAUSED
	// the template is paused for its quality
}
