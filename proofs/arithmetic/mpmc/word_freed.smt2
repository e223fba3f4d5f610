; theorem: the words that C5 and R2 store are free for the position one capacity later
; uses: word
; mutant: R2 forgets the lap : (new (bvadd (lap_in seen) c) Free) => (new (lap_in seen) Free)
(declare-const c U64)
(declare-const at U64)
(declare-const phase U64)
(declare-const owner U64)
(assert (is_capacity c))
(assert (is_phase phase))

; goal
(define-fun free () U64 (new (lap_of (bvadd at c) c) Free))
(assert (not (and (= (new (bvadd (lap_of at c) c) Free) free)
                  (= (reclaimed (owned (lap_of at c) phase owner) c) free))))
