; theorem: pop never answers `Corrupt` to what honest participants leave in the words
; uses: word, queue
; mutant: a slot that is still being read is corrupt : (ite (and (= phase Reading) (= ahead (bvneg c))) Blocked => (ite false Blocked
; mutant: read too long ago : (bvsub #x0002000000000000 c) => #x8000000000000000
; The counters.
(declare-const c U64)
(declare-const taken U64)
(declare-const in_queue U64)
(declare-const tail_behind U64)
(declare-const head_behind U64)
(define-fun claimed () U64 (bvadd taken in_queue))
(define-fun tail () U64 (bvsub claimed tail_behind))
(define-fun head () U64 (bvsub taken head_behind))
(assert (is_capacity c))
(assert (counters head tail taken claimed c))
; Any slot.
(declare-const from_taken U64)
(declare-const phase U64)
(declare-const owner U64)
(define-fun at () U64 (bvadd taken from_taken))
(assert (slot_invariant at phase owner taken claimed c))
; A consumer looks at its slot, with a position that it has read from `head`, recently.
(declare-const ahead U64)
(define-fun position () U64 (bvsub at ahead))
(assert (same_slot at position c))
(assert (recent position head c))

; goal
(assert (= (pop_means ahead phase c) Corrupt))
