package pgstore_test

const killed = "PGSTORE_TEST_KILLED"
