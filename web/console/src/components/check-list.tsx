interface CheckListProps<T extends string> {
  legend: string;
  /** What can be chosen, and how it is shown. */
  options: (readonly [T, string])[];
  chosen: ReadonlySet<T>;
  onChange: (chosen: Set<T>) => void;
}

/** Any number out of a list. */
export function CheckList<T extends string>({ legend, options, chosen, onChange }: CheckListProps<T>) {
  return (
    <fieldset class="check-list">
      <legend>{legend}</legend>
      {options.map(([value, label]) => (
        <label key={value}>
          <input
            type="checkbox"
            checked={chosen.has(value)}
            onChange={(event) => {
              const next = new Set(chosen);
              if (event.currentTarget.checked) next.add(value);
              else next.delete(value);
              onChange(next);
            }}
          />
          {label}
        </label>
      ))}
    </fieldset>
  );
}
