package meta

// event is one event of Messenger or Instagram. Exactly one of its pointers is
// set.
type event struct {
	Sender    party  `json:"sender"`
	Recipient party  `json:"recipient"`
	Timestamp moment `json:"timestamp"`

	Message  *pageMessage  `json:"message"`
	Edit     *pageEdit     `json:"message_edit"`
	Reaction *pageReaction `json:"reaction"`
	Postback *postback     `json:"postback"`
	Referral *referral     `json:"referral"`
	OptIn    *optIn        `json:"optin"`
	Delivery *delivery     `json:"delivery"`
	Read     *delivery     `json:"read"`
	Pass     *handover     `json:"pass_thread_control"`
	Take     *handover     `json:"take_thread_control"`
	Request  *handover     `json:"request_thread_control"`
	Policy   *policy       `json:"policy_enforcement"`

	// Known, and of no concern: which apps a page has, and accounts that people
	// link to it by a way that is not ours.
	Roles   *struct{} `json:"app_roles"`
	Linking *struct{} `json:"account_linking"`
}

// party is a person or an account.
type party struct {
	ID loose `json:"id"`
}

type pageMessage struct {
	ID          loose            `json:"mid"`
	Text        loose            `json:"text"`
	Echo        yes              `json:"is_echo"`
	Deleted     yes              `json:"is_deleted"`
	Unsupported yes              `json:"is_unsupported"`
	Metadata    loose            `json:"metadata"`
	QuickReply  *quickReply      `json:"quick_reply"`
	Attachments []pageAttachment `json:"attachments"`
	ReplyTo     messageName      `json:"reply_to"`
	Referral    *referral        `json:"referral"`
}

type messageName struct {
	ID loose `json:"mid"`
}

type quickReply struct {
	Payload loose `json:"payload"`
}

type pageAttachment struct {
	Type    loose       `json:"type"`
	Title   loose       `json:"title"` // of links and places, in older forms
	URL     loose       `json:"url"`
	Payload pagePayload `json:"payload"`
}

type pagePayload struct {
	URL         loose  `json:"url"`
	Title       loose  `json:"title"`
	Text        loose  `json:"text"` // of templates
	Sticker     loose  `json:"sticker_id"`
	Coordinates *coord `json:"coordinates"`
}

type coord struct {
	Latitude  loose `json:"lat"`
	Longitude loose `json:"long"`
}

type pageEdit struct {
	ID    loose `json:"mid"`
	Text  loose `json:"text"`
	Count loose `json:"num_edit"`
}

type pageReaction struct {
	To     loose `json:"mid"`
	Action loose `json:"action"`
	Word   loose `json:"reaction"`
	Emoji  loose `json:"emoji"`
}

type postback struct {
	ID       loose     `json:"mid"`
	Title    loose     `json:"title"`
	Payload  loose     `json:"payload"`
	Referral *referral `json:"referral"`
}

// referral is how somebody came to the conversation.
type referral struct {
	Word   loose `json:"ref"`
	Source loose `json:"source"`
	Ad     loose `json:"ad_id"`
}

type optIn struct {
	Word    loose `json:"ref"`
	Payload loose `json:"payload"`
	Status  loose `json:"notification_messages_status"`
}

// delivery says which messages were delivered or read: by name, and all up to
// a time.
type delivery struct {
	ID        loose   `json:"mid"`
	IDs       []loose `json:"mids"`
	Watermark moment  `json:"watermark"`
}

// handover says to which app a conversation goes.
type handover struct {
	Owner loose `json:"new_owner_app_id"`
}

type policy struct {
	Action loose `json:"action"`
	Reason loose `json:"reason"`
}
