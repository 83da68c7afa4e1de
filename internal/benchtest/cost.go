//go:build unix

// Package benchtest measures what operations cost this process, and compares
// costs. A benchmark of ratios runs both sides in turns in one process, so that
// what else the machine does counts for both. Clients and servers that must not
// count run as processes of their own, see Child.
package benchtest

import (
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
)

// Cost is what one operation costs.
type Cost struct {
	Wall, CPU     time.Duration // CPU is of all threads of this process, user and system
	Bytes, Allocs float64       // allocated on the heap
}

// Measure runs do, which does n operations, and returns the cost of one.
func Measure(tb testing.TB, n int, do func()) Cost {
	tb.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cpu, start := cpuTime(tb), time.Now()
	do()
	wall := time.Since(start)
	cpu = cpuTime(tb) - cpu
	runtime.ReadMemStats(&after)
	return Cost{
		Wall: wall / time.Duration(n), CPU: cpu / time.Duration(n),
		Bytes:  float64(after.TotalAlloc-before.TotalAlloc) / float64(n),
		Allocs: float64(after.Mallocs-before.Mallocs) / float64(n),
	}
}

// cpuTime returns the CPU time of this process until now.
func cpuTime(tb testing.TB) time.Duration {
	tb.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// Rounds measures sides in turns, and returns the costs of each. The first round
// warms up and doesn't count.
func Rounds(rounds int, sides ...func() Cost) [][]Cost {
	costs := make([][]Cost, len(sides))
	for round := range rounds + 1 {
		for i := range sides {
			at := (i + round) % len(sides) // none is always the first
			if cost := sides[at](); round > 0 {
				costs[at] = append(costs[at], cost)
			}
		}
	}
	return costs
}

// Wall returns the time of a cost in milliseconds.
func Wall(c Cost) float64 { return c.Wall.Seconds() * 1000 }

// CPU returns the CPU time of a cost in milliseconds.
func CPU(c Cost) float64 { return c.CPU.Seconds() * 1000 }

// Bytes returns the bytes that a cost allocated.
func Bytes(c Cost) float64 { return c.Bytes }

// Allocs returns the allocations of a cost.
func Allocs(c Cost) float64 { return c.Allocs }

// Median returns the median of a part of costs.
func Median(costs []Cost, of func(Cost) float64) float64 {
	all := make([]float64, len(costs))
	for i, c := range costs {
		all[i] = of(c)
	}
	return median(all)
}

// Ratio returns the median of the ratios of a part of costs that were measured in
// the same rounds.
func Ratio(costs, base []Cost, of func(Cost) float64) float64 {
	all := make([]float64, len(costs))
	for i := range costs {
		all[i] = of(costs[i]) / of(base[i])
	}
	return median(all)
}

func median(all []float64) float64 {
	slices.Sort(all)
	middle := len(all) / 2
	if len(all)%2 == 1 {
		return all[middle]
	}
	return (all[middle-1] + all[middle]) / 2
}
