; theorem: `ahead_of` is the true difference of two laps, ahead or behind, across every wrap, up to 2^49
; uses: word
; mutant: no sign : (bvashr (bvsub (bvshl (bvlshr word lap_shift) => (bvlshr (bvsub (bvshl (bvlshr word lap_shift)
; mutant: one further : (assert (bvslt ahead #x0002000000000000)) => (assert (bvsle ahead #x0002000000000000))
(declare-const lap U64)
(declare-const ahead U64)
(declare-const phase U64)
(declare-const owner U64)
(assert (bvsge ahead (bvneg #x0002000000000000)))
(assert (bvslt ahead #x0002000000000000))
(assert (is_phase phase))

; goal
(assert (distinct (ahead_of (owned (bvadd lap ahead) phase owner) lap) ahead))
