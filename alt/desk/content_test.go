package desk_test

import (
	"bytes"
	"fmt"
	"image"
	encode "image/png"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// png is the smallest picture.
func png() []byte {
	var b bytes.Buffer
	_ = encode.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1)))
	return b.Bytes()
}

func imageOf(name string) channels.Media {
	return channels.Media{As: channels.Image, Name: name, Type: "image/png"}
}

// rejected is a provider's final no to one message.
func rejected() error {
	return &channels.Error{Op: "send", Class: channels.ErrRejected, Outcome: channels.NotSent, Provider: "100"}
}

func mediaOf(m alt.Message) channels.Media {
	f, _ := m.Content.(channels.Media)
	return f
}

func stringOf(v any) string { return fmt.Sprintf("%+v", v) }
