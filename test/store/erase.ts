// Removes all that a workspace has kept: its database and its folder.

export async function eraseWorkspace(name: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = () => resolve();
    request.onerror = () => reject(request.error);
  });
  await eraseFolder(name);
}

export async function eraseFolder(name: string): Promise<void> {
  const top = await navigator.storage.getDirectory();
  await top.removeEntry(name, { recursive: true }).catch((error: Error) => {
    if (error.name !== 'NotFoundError') throw error;
  });
}
