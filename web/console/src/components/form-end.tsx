import { Icon } from './icon';

interface FormEndProps {
  /** Why it was not taken; empty when there is nothing to say. */
  error: string;
  /** What the inputs name in `aria-describedby`. */
  errorId: string;
  busy: boolean;
  act: string;
  acting: string;
  onCancel: () => void;
}

/** The end of every form: what was wrong with it, the way back and the way on. */
export function FormEnd(props: FormEndProps) {
  return (
    <>
      <div role="alert">
        {props.error && (
          <p class="form-error" id={props.errorId}>
            <Icon name="alert" />
            {props.error}
          </p>
        )}
      </div>
      <div class="editor-actions">
        <button type="button" class="button" onClick={props.onCancel}>
          Cancel
        </button>
        <button type="submit" class="button primary" disabled={props.busy}>
          {props.busy ? props.acting : props.act}
        </button>
      </div>
    </>
  );
}
