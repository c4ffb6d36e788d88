package main

import (
	"context"
	"errors"
)

func (b *bench) start(context.Context) error { return errors.New("wait") }
