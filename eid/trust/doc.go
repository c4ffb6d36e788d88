// Package trust decides whether a person's certificate is worth anything: who
// issued it, for what, at which level, to whom, and whether it was revoked since.
// It takes its authorities from the configuration and never from the system,
// whose hundreds of authorities vouch for web servers and not for people.
//
//	authorities, err := trust.Load(os.DirFS("/etc/eid"), "intermediate/*.pem")
//	roots, err := trust.Load(os.DirFS("/etc/eid"), "root/*.pem")
//	store, err := trust.New(trust.Config{Anchors: roots, Intermediates: authorities})
//
//	verified, err := store.Verify(cert, profile, now)    // chain, validity, purpose, level
//	err = revocation.Check(ctx, cert, verified.Issuer, now)
//	person, err := trust.Person(cert)                    // who it names
//
// None of that says that the person took part: only a signature over something
// that was chosen for this one occasion does, made with the certificate's key.
package trust
