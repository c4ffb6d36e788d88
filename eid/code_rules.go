package eid

import (
	"fmt"
	"time"
)

// checkNumber holds a number against the rules of its country.
func checkNumber(country, number string) error {
	var form, dated, checked bool
	switch country {
	case "EE":
		form = eleven(number)
		dated = form && bornOfEleven(number) != ""
		checked = form && checkDigitOfEleven(number) == number[10]
	case "LT":
		form = eleven(number)
		dated = form && (number[0] == '9' || bornOfEleven(number) != "") // 9: given without a date
		checked = form && checkDigitOfEleven(number) == number[10]
	case "LV":
		form = latvian(number)
		dated = form && (undated(number) || bornLatvian(number) != "")
		checked = form && checkDigitLatvian(number) == number[11]
	default:
		return nil
	}
	switch {
	case !form:
		return fmt.Errorf("%w: not of its country's form", ErrCode)
	case !dated:
		return fmt.Errorf("%w: no such date of birth", ErrCode)
	case !checked:
		return fmt.Errorf("%w: check digit", ErrCode)
	}
	return nil
}

// Estonia and Lithuania: G YYMMDD SSS C.

func eleven(number string) bool { return len(number) == 11 && digits(number) }

// bornOfEleven reads the date. Of the centuries that G could stand for, those
// that have not come are left out.
func bornOfEleven(number string) Date {
	if !eleven(number) || number[0] < '1' || number[0] > '6' {
		return ""
	}
	century := 18 + int(number[0]-'1')/2
	return dateOf(century*100+two(number[1:]), two(number[3:]), two(number[5:]))
}

func checkDigitOfEleven(number string) byte {
	return checkDigitOf(number[:10], "1234567891", "3456789123")
}

// checkDigitOf weighs the digits once, and again with the other weights when the
// remainder is no digit.
func checkDigitOf(number, first, second string) byte {
	for _, weights := range []string{first, second} {
		if r := weigh(number, weights) % 11; r < 10 {
			return digit(r)
		}
	}
	return '0'
}

// Latvia: DDMMYY-CNNNK, and since 2017 a code that begins with 32 (up to 39 is
// set aside) and states nothing.

func latvian(number string) bool {
	return len(number) == 12 && number[6] == '-' && digits(number[:6]) && digits(number[7:])
}

func undated(number string) bool { return number[0] == '3' && number[1] >= '2' }

func bornLatvian(number string) Date {
	if !latvian(number) || undated(number) || number[7] > '2' {
		return ""
	}
	century := 18 + int(number[7]-'0')
	return dateOf(century*100+two(number[4:]), two(number[2:]), two(number))
}

func checkDigitLatvian(number string) byte {
	// The first weight is ten, which ':', the character after '9', stands for.
	return digit((1 + weigh(number[:6]+number[7:11], ":584216379")) % 11 % 10)
}

func weigh(number, weights string) int {
	sum := 0
	for i := range len(number) {
		sum += int(number[i]-'0') * int(weights[i]-'0')
	}
	return sum
}

func two(s string) int { return int(s[0]-'0')*10 + int(s[1]-'0') }

func digit(n int) byte { return "0123456789"[n] }

// dateOf returns a date, or none when there was no such day.
func dateOf(year, month, day int) Date {
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if t.Month() != time.Month(month) || t.Day() != day {
		return ""
	}
	return DateOf(t)
}
