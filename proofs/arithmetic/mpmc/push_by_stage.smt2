; theorem: for_push answers by how far the slot has come, for every capacity and difference in the window
; uses: word
; mutant: a slot that is being read is not named : (ite (= phase Reading) BlockedBy Blocked) => Blocked
; mutant: a lap ahead is far already : (bvsle stage #x0000000000000007) => (bvsle stage #x0000000000000003)
; The capacity, as a power of two, and how many whole laps the slot is ahead: any of the window.
(declare-const exponent U64)
(declare-const laps U64)
(declare-const phase U64)
(assert (bvule exponent #x0000000000000030))
(define-fun c () U64 (bvshl one exponent))
(define-fun ahead () U64 (bvshl laps exponent))
(assert (bvsge laps (bvneg (bvlshr #x0002000000000000 exponent))))
(assert (bvslt laps (bvlshr #x0002000000000000 exponent)))
(assert (is_phase phase))
; Steps that the slot has made since it became free for the position: 1 claimed, 2 published, 3 taken,
; 4 free for the next lap; -3 to -1 the same of the lap before.
(define-fun stage () U64 (bvadd (bvshl laps #x0000000000000002) phase))

; goal
(define-fun meaning () U64
  (ite (= stage zero) Claim
  (ite (and (bvsle one stage) (bvsle stage #x0000000000000007)) Passed
  (ite (bvsgt stage zero) Far
  (ite (= stage (bvneg one)) BlockedBy
  (ite (bvsge stage (bvneg #x0000000000000003)) Blocked
  Corrupt))))))
(assert (distinct (push_means ahead phase c) meaning))
