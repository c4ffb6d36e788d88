package audit

import "errors"

// Errors, to be compared with errors.Is.
var (
	// ErrDamaged: the storage does not hold what its last checkpoint says.
	ErrDamaged = errors.New("audit: the storage is damaged")
	// ErrDiverged: the log is not the one that the last checkpoint was made of. A
	// Keeper signs nothing more; Verify tells what is different.
	ErrDiverged = errors.New("audit: the log is not the one that was signed")
	// ErrForged: a checkpoint is not one that the known keys signed for this log.
	ErrForged = errors.New("audit: forged checkpoint")
	// ErrProof: a proof does not show what it says.
	ErrProof = errors.New("audit: the proof is wrong")
	// ErrLocked: another Keeper has the storage.
	ErrLocked = errors.New("audit: the storage is in use")
)
