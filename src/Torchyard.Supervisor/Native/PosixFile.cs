namespace Torchyard.Supervisor.Native;

/// <summary>Small files and directories, with errors that name the path.</summary>
internal static class PosixFile
{
    /// <summary>Reads a file that must not be longer than a limit.</summary>
    public static unsafe byte[] Read(string path, int limit)
    {
        var descriptor = Libc.Open(path, Libc.OpenReadOnly | Libc.OpenCloseOnExec, 0);
        if (descriptor < 0)
        {
            throw PosixException.Last("cannot read " + path);
        }

        try
        {
            var content = new byte[4096];
            var length = 0;
            while (true)
            {
                if (length == content.Length)
                {
                    Array.Resize(ref content, Math.Min(content.Length * 2, limit + 1));
                }

                nint got;
                fixed (byte* at = &content[length])
                {
                    got = Libc.Read(descriptor, at, (nuint)(content.Length - length));
                }

                if (got < 0)
                {
                    throw PosixException.Last("cannot read " + path);
                }

                length += (int)got;
                if (length > limit)
                {
                    throw new PosixException(
                        27,
                        path + " is longer than " + limit.ToString(System.Globalization.CultureInfo.InvariantCulture) + " bytes"
                    );
                }

                if (got == 0)
                {
                    return content[..length];
                }
            }
        }
        finally
        {
            Libc.Close(descriptor);
        }
    }

    /// <summary>Writes a file that appears by rename.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content, uint mode)
    {
        var temporary = path + ".new";
        Libc.Unlink(temporary);
        var descriptor = Libc.Open(
            temporary,
            Libc.OpenWriteOnly | Libc.OpenCreate | Libc.OpenExclusive | Libc.OpenNoFollow | Libc.OpenCloseOnExec,
            mode
        );
        if (descriptor < 0)
        {
            throw PosixException.Last("cannot write " + path);
        }

        try
        {
            if (Libc.ChangeMode(descriptor, mode) != 0 || !WriteAll(descriptor, content) || Libc.FlushToDisk(descriptor) != 0)
            {
                throw PosixException.Last("cannot write " + path);
            }
        }
        finally
        {
            Libc.Close(descriptor);
        }

        if (Libc.Rename(temporary, path) != 0)
        {
            throw PosixException.Last("cannot write " + path);
        }
    }

    /// <summary>Writes all bytes, waiting where a pipe is full; false on an error.</summary>
    public static unsafe bool WriteAll(int descriptor, ReadOnlySpan<byte> content)
    {
        while (!content.IsEmpty)
        {
            nint written;
            fixed (byte* start = content)
            {
                written = Libc.Write(descriptor, start, (nuint)content.Length);
            }

            if (written < 0)
            {
                if (System.Runtime.InteropServices.Marshal.GetLastPInvokeError() == Libc.ErrorInterrupted)
                {
                    continue;
                }

                return false;
            }

            content = content[(int)written..];
        }

        return true;
    }

    /// <summary>Makes a directory if it is missing, its parents too.</summary>
    public static void EnsureDirectory(string path, uint mode)
    {
        if (Libc.MakeDirectory(path, mode) == 0)
        {
            return;
        }

        var failure = PosixException.Last("cannot make directory " + path);
        if (failure.Error == Libc.ErrorExists)
        {
            return;
        }

        if (failure.Error == Libc.ErrorNoEntry && Path.GetDirectoryName(path) is { Length: > 1 } parent)
        {
            EnsureDirectory(parent, 0b111_101_101);
            if (Libc.MakeDirectory(path, mode) == 0)
            {
                return;
            }

            failure = PosixException.Last("cannot make directory " + path);
        }

        throw failure;
    }

    public static bool Exists(string path) => Libc.Access(path, 0) == 0;

    public static bool IsWritableDirectory(string path) => Libc.Access(path, Libc.AccessWrite | Libc.AccessExecute) == 0;
}
