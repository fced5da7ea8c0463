import { useEffect, useRef, useState } from 'preact/hooks';
import { fileSize, isPicture } from '../../../shared/files';
import type { Attachment } from '../../../shared/wire';
import { attachmentLink } from '../api/attachments';
import { toast } from '../state/toasts';
import { Icon } from './icon';

/** The files of a message. Each opens in a tab of its own; pictures are shown. */
export function Attachments({ files, conversationId }: { files: Attachment[]; conversationId: string }) {
  return (
    <ul class="attachments" aria-label="Files">
      {files.map((file) => (
        <li key={file.id}>
          <FileButton file={file} conversationId={conversationId} />
        </li>
      ))}
    </ul>
  );
}

function FileButton({ file, conversationId }: { file: Attachment; conversationId: string }) {
  const button = useRef<HTMLButtonElement>(null);
  const picture = usePicture(file, conversationId, button);
  const size = fileSize(file.size_bytes);

  const open = async () => {
    // Opened now, or a browser takes it for a window that nobody asked for.
    const tab = window.open('', '_blank');
    try {
      const url = await attachmentLink(conversationId, file.id);
      if (tab) tab.location.replace(url);
      else location.assign(url);
    } catch {
      tab?.close();
      toast(`${file.name} cannot be opened now.`, { kind: 'error' });
    }
  };
  return (
    <button
      ref={button}
      type="button"
      class={picture ? 'attachment picture' : 'attachment'}
      aria-label={`Open ${file.name}, ${size}`}
      title={file.name}
      onClick={open}
    >
      {picture ? (
        <img src={picture} alt={file.name} />
      ) : (
        <>
          <Icon name="file" />
          <span class="attachment-name">{file.name}</span>
          <span class="attachment-size">{size}</span>
        </>
      )}
    </button>
  );
}

/** The address of a picture, once it is in sight and loaded: a long conversation asks for no link that nobody looks at. */
function usePicture(file: Attachment, conversationId: string, place: { current: HTMLElement | null }): string {
  const [source, setSource] = useState('');
  useEffect(() => {
    const element = place.current;
    if (!isPicture(file.content_type) || !element) return;
    let gone = false;
    const observer = new IntersectionObserver(
      (seen) => {
        if (!seen.some((entry) => entry.isIntersecting)) return;
        observer.disconnect();
        attachmentLink(conversationId, file.id).then(
          (url) => {
            const image = new Image();
            image.onload = () => {
              if (!gone) setSource(url);
            };
            image.src = url;
          },
          // The name stays, and says more when it is pressed.
          () => {},
        );
      },
      { rootMargin: '200px' },
    );
    observer.observe(element);
    return () => {
      gone = true;
      observer.disconnect();
    };
  }, [file.id, conversationId]);
  return source;
}
