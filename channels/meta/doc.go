// Package meta connects Messenger, Instagram and WhatsApp directly to Meta's
// Graph API: one app, one webhook, many lines.
//
//	app, err := meta.New(meta.Config{
//		AppSecrets:  func() []string { return []string{os.Getenv("META_APP_SECRET")} },
//		VerifyToken: func() string { return os.Getenv("META_VERIFY_TOKEN") },
//		Lines: []meta.Line{{ID: "messenger", Kind: channels.Messenger, Account: pageID, Token: pageToken}},
//	})
//
// A person is the opaque id that Meta gives for one account: a page-scoped id,
// an Instagram-scoped id, a WhatsApp id, or a business-scoped user id where
// WhatsApp tells no phone number. None of them proves who somebody is.
package meta
