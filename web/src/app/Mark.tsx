// The mark: a rock that shows above the ground.

export function Mark() {
  return (
    <svg width="18" height="18" viewBox="0 0 16 16" aria-hidden>
      <path d="M1.5 13 5.4 5.4l2.5 3.4L10.4 3l4.1 10z" fill="var(--accent-fill)" />
      <path d="M.8 13.6h14.4" stroke="var(--ink-3)" strokeWidth="1.3" strokeLinecap="round" />
    </svg>
  );
}
