package channels

// UnknownCapabilities returns capabilities of a kind of which nothing is known
// yet, for why. A driver for a kind that the [Catalogue] does not have starts
// from it and fills in what it found out: lengths that are not known are not
// enforced, and operations that are not known to exist are refused.
func UnknownCapabilities(kind Kind, why string) Capabilities {
	return Capabilities{
		Kind: kind,
		Text: Fact[Limit]{Unknown: why}, Caption: Fact[Limit]{Unknown: why}, TemplateText: Fact[Limit]{Unknown: why},
		Choices: Fact[ChoiceLimits]{Unknown: why}, Media: Fact[[]MediaLimit]{Unknown: why},
		Location: Fact[bool]{Unknown: why}, ContactCard: Fact[bool]{Unknown: why}, Reaction: Fact[bool]{Unknown: why},
		Quote: Fact[bool]{Unknown: why}, Templates: Fact[bool]{Unknown: why},
		Window: Fact[Window]{Unknown: why}, Initiate: Fact[Initiation]{Unknown: why}, Broadcast: Fact[bool]{Unknown: why},
		OptInBroadcast: Fact[bool]{Unknown: why}, Exceptions: Fact[[]Exception]{Unknown: why},
		Idempotent: Fact[bool]{Unknown: why}, Statuses: Fact[[]Status]{Unknown: why}, Edits: Fact[bool]{Unknown: why},
		Link: Fact[[]LinkMethod]{Unknown: why}, Erasure: Fact[Erasure]{Unknown: why}, Transport: Fact[string]{Unknown: why},
		Versioning: Fact[string]{Unknown: why}, Security: Fact[string]{Unknown: why}, DataLocation: Fact[string]{Unknown: why},
		AuthLevel: Fact[string]{Unknown: why}, Signing: Fact[bool]{Unknown: why}, Fees: Fact[Fees]{Unknown: why},
	}
}
