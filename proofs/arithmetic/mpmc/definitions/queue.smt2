; The queue as a transition system whose steps are atomic, one after the other.
;
; `head` and `tail` are the shared words. `claimed` and `taken` are nobody's words: the first position
; without a P3, and the first without a C3 or, for a dead producer's claim, an R2. A slot's word is
; three values: `at`, the position whose lap it says, all 64 bits of it, `phase` and `owner`. The
; obligations `word_*` have that the packed word tells as much as these to participants that are
; `recent`, and that the steps store words that mean the positions said here.

; A position that was read from `counter`, and that is used now, fewer than 2^49 - c positions later.
(define-fun recent ((position U64) (counter U64) (c U64)) Bool
  (bvult (bvsub counter position) (bvsub #x0002000000000000 c)))

; A position that was read from `counter`, however long ago in practice.
(define-fun read_before ((position U64) (counter U64)) Bool
  (bvult (bvsub counter position) #x8000000000000000))

; I1: each counter is exact or one behind; at most c positions are claimed and not taken.
(define-fun counters ((head U64) (tail U64) (taken U64) (claimed U64) (c U64)) Bool
  (and (or (= tail claimed) (= tail (bvsub claimed one)))
       (or (= head taken) (= head (bvsub taken one)))
       (bvule (bvsub claimed taken) c)))

; Two positions share a slot.
(define-fun same_slot ((a U64) (b U64) (c U64)) Bool (= (bvand (bvsub a b) (bvsub c one)) zero))

; Each slot's word says one of the c positions from `taken` on, or one of the c before.
;   From `taken` to `claimed`: the record of that position is being written, or is there.
;   From `claimed` on: the slot is free for that position.
;   Before `taken`: the record is being read, and nobody has claimed the slot's next position.
(define-fun slot_invariant ((at U64) (phase U64) (owner U64) (taken U64) (claimed U64) (c U64)) Bool
  (and (ite (bvult (bvsub at taken) c)
         (ite (bvult (bvsub at taken) (bvsub claimed taken))
           (or (= phase Writing) (= phase Published))
           (= phase Free))
         (and (bvult (bvsub (bvadd at c) taken) c)
              (bvule (bvsub claimed taken) (bvsub (bvadd at c) taken))
              (= phase Reading)))
       (ite (has_owner phase) (bvule owner max_owner) (= owner zero))))

; I2 for one participant: while it is in the phase `Writing` or `Reading` at a position, and alive, the
; slot's word says so.
(define-fun holds ((me U64) (in_phase U64) (position U64) (at U64) (phase U64) (owner U64)) Bool
  (and (has_owner in_phase) (= at position) (= phase in_phase) (= owner me)))
