package main

import (
	"errors"
	"log/slog"
	"math"
	"strconv"
	"strings"
	"time"
)

// duration is written like "30s", "5m" or "24h" and is longer than nothing; left
// out it is 0, the default.
type duration time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil || v <= 0 {
		return errors.New(`must be a time like "30s", "5m" or "24h"`)
	}
	*d = duration(v)
	return nil
}

func (d duration) std() time.Duration { return time.Duration(d) }

// horizon is a duration that may be 0, which means: not at all.
type horizon time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *horizon) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil || v < 0 {
		return errors.New(`must be a time like "30s", "5m" or "24h", or "0s"`)
	}
	*h = horizon(v)
	return nil
}

// std returns the form of the packages' Config structs: 0 is the default there,
// and negative means not at all.
func (h *horizon) std() time.Duration {
	switch {
	case h == nil:
		return 0
	case *h == 0:
		return -1
	}
	return time.Duration(*h)
}

// size is a number of bytes, also written with KiB, MiB or GiB.
type size int64

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *size) UnmarshalText(b []byte) error {
	text, factor := string(b), int64(1)
	for unit, f := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
		if rest, ok := strings.CutSuffix(text, unit); ok {
			text, factor = strings.TrimSpace(rest), f
			break
		}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 || n > math.MaxInt64/factor {
		return errors.New(`must be a number of bytes like 65536, "512KiB" or "3MiB"`)
	}
	*s = size(n * factor)
	return nil
}

// level is the least severity that is logged.
type level slog.Level

// UnmarshalText implements encoding.TextUnmarshaler.
func (l *level) UnmarshalText(b []byte) error {
	known := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
	v, ok := known[string(b)]
	if !ok {
		return errors.New("must be debug, info, warn or error")
	}
	*l = level(v)
	return nil
}
