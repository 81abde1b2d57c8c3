using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Copying;

/// <summary>
/// Writes below a directory in which programs may be at work that are not trusted. What is new is made in a directory of its own, which
/// they cannot enter, and gets owner, mode and time there, by descriptor; then it takes its place by rename(2). So nothing that they put
/// in the way is ever written through, nor given a mode or an owner, and a link of theirs is replaced, or refused where a directory has
/// to be. Directories that are there already stay as they are.
/// </summary>
internal sealed class TreeTarget : ICopyTarget
{
    // What is made anew is not followed, whatever it is.
    private const int NewFile = OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.WriteOnly | OpenFlags.CloseOnExec;

    private readonly Stack<Level> _levels = new();
    private readonly OwnerOf _owner;
    private readonly CancellationToken _cancellation;
    private readonly string _shown;
    private readonly SafeFileHandle _place;
    private readonly CopyWork _work;
    private readonly byte[] _buffer = new byte[1 << 20];
    private readonly MakerIds? _maker;
    private int _made;

    /// <summary>Begins with an empty private directory in the destination.</summary>
    /// <param name="place">The directory that the copies go into; it stays its caller's to dispose of.</param>
    /// <param name="shown">Its path, for messages.</param>
    /// <param name="owner">Owners of what is written.</param>
    /// <param name="maker">As whom files are made where this process's own user cannot; null to fail there.</param>
    /// <param name="cancellation">Ends the writing.</param>
    public TreeTarget(ConfinedDirectory place, string shown, OwnerOf owner, Func<MakerIds?>? maker, CancellationToken cancellation)
    {
        (_owner, _shown, _cancellation) = (owner, shown, cancellation);
        _place = place.TryOpenPlace("", out var error) ?? throw new IOException($"{shown}: {Errno.Text(error)}");
        try
        {
            var work = CopyWork.TryMake(_place, out var refused);
            if (work is null && refused == Errno.Overflow && maker?.Invoke() is { } ids)
            {
                _maker = ids;
                work = CopyWork.TryMake(_place, out refused);
            }

            _work = work ?? throw Failure(refused, shown);
            _work.RemoveForsaken();
        }
        catch
        {
            _work?.Dispose();
            _maker?.Dispose();
            _place.Dispose();
            throw;
        }

        _levels.Push(new Level(_place, null, null));
    }

    /// <inheritdoc />
    public void Begin(CopyEntry directory)
    {
        var above = _levels.Peek();
        RequireName(directory.Name);
        if (above.Entry is null)
        {
            switch (StatusCalls.Read(above.Directory, directory.Name))
            {
                case { IsDirectory: true }:
                    _levels.Push(new Level(OpenBelow(above.Directory, directory.Name, Shown(directory.Name)), null, null));
                    return;
                case not null:
                    throw CopyErrors.WrongKind(Shown(directory.Name), "there and not a directory");
            }
        }

        var (place, name) = Place(directory.Name);
        Check(NameCalls.MakeDirectory(place, name, FileModes.PrivateDirectory), Shown(directory.Name));
        _levels.Push(new Level(OpenBelow(place, name, Shown(directory.Name)), directory, name));
    }

    /// <inheritdoc />
    public void End()
    {
        var level = _levels.Pop();
        using (level.Directory)
        {
            if (level.Entry is { } entry)
            {
                Settle(level.Directory, entry);
                Settled(level.Name!, entry.Name);
            }
        }
    }

    /// <inheritdoc />
    public void File(CopyEntry file, Stream content)
    {
        RequireFree(file.Name);
        var (place, name) = Place(file.Name);
        using (var opened = OpenCalls.OpenAt(place, name, NewFile, FileModes.Private))
        {
            Check(opened.IsInvalid ? -1 : 0, Shown(file.Name));
            using var stream = new FileStream(opened, FileAccess.Write, bufferSize: 0);
            int count;
            while ((count = content.Read(_buffer)) > 0)
            {
                _cancellation.ThrowIfCancellationRequested();
                stream.Write(_buffer.AsSpan(0, count));
            }

            Settle(opened, file);
        }

        Settled(name, file.Name);
    }

    /// <inheritdoc />
    public void Link(CopyEntry link, string target)
    {
        RequireFree(link.Name);
        var (place, name) = Place(link.Name);
        Check(NameCalls.MakeLink(target, place, name), Shown(link.Name));
        if (_owner(link) is { } owner)
        {
            Check(OwnerCalls.Set(place, name, owner.User, owner.Group, At.NoFollow), Shown(link.Name));
        }

        Check(TimeCalls.Set((int)place.DangerousGetHandle(), name, link.ModifiedAt), Shown(link.Name));
        Settled(name, link.Name);
    }

    /// <inheritdoc />
    public void Complete() { }

    /// <inheritdoc />
    public void Dispose()
    {
        while (_levels.TryPop(out var level))
        {
            if (level.Directory != _place)
            {
                level.Directory.Dispose();
            }
        }

        _work.Dispose();
        _place.Dispose();
        _maker?.Dispose();
    }

    /// <summary>Where something new is made: in the new directory that it belongs to, else in the private one.</summary>
    private (SafeFileHandle Directory, string Name) Place(string name)
    {
        RequireName(name);
        return _levels.Peek() is { Entry: not null } level
            ? (level.Directory, name)
            : (_work.Directory, (++_made).ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>What was made in the private directory takes its place.</summary>
    private void Settled(string made, string name)
    {
        if (_levels.Peek() is { Entry: null } level)
        {
            Check(NameCalls.Rename(_work.Directory, made, level.Directory, name), Shown(name));
        }
    }

    private void Settle(SafeFileHandle opened, CopyEntry entry)
    {
        // The owner first: with it go the bits that a mode has for other ids.
        if (_owner(entry) is { } owner)
        {
            Check(OwnerCalls.Set((int)opened.DangerousGetHandle(), owner.User, owner.Group), Shown(entry.Name));
        }

        Check(ModeCalls.Set(opened, entry.Permissions), Shown(entry.Name));
        Check(TimeCalls.Set((int)opened.DangerousGetHandle(), entry.ModifiedAt), Shown(entry.Name));
    }

    private void RequireFree(string name)
    {
        if (_levels.Peek() is { Entry: null } level && StatusCalls.Read(level.Directory, name) is { IsDirectory: true })
        {
            throw CopyErrors.WrongKind(Shown(name), "a directory");
        }
    }

    private static void RequireName(string name)
    {
        if (name is "" or "." or ".." || name.Contains('/', StringComparison.Ordinal))
        {
            throw CopyErrors.BadTree($"'{name}' is not a file name");
        }
    }

    // For reading, not as a mere place: a time is set through it.
    private static SafeFileHandle OpenBelow(SafeFileHandle directory, string name, string shown)
    {
        var opened = OpenCalls.OpenAt(directory, name, OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.CloseOnExec, 0);
        Check(opened.IsInvalid ? -1 : 0, shown);
        return opened;
    }

    private string Shown(string name) =>
        string.Join('/', _levels.Reverse().Select(level => level.Entry?.Name).OfType<string>().Prepend(_shown.TrimEnd('/')).Append(name));

    private static void Check(int result, string shown)
    {
        if (result < 0)
        {
            throw Failure(Errno.Last, shown);
        }
    }

    private static Exception Failure(int error, string shown) =>
        error switch
        {
            Errno.NotPermitted or Errno.AccessDenied => new UnauthorizedAccessException($"{shown}: {Errno.Text(error)}"),
            // A link where a directory is opened: the kernel says that of it, and not ELOOP.
            Errno.NotDirectory => CopyErrors.WrongKind(shown, "there and a link, or no longer a directory"),
            _ => new IOException($"{shown}: {Errno.Text(error)}", error),
        };

    /// <summary>A directory that is written to.</summary>
    /// <param name="Directory">Opened.</param>
    /// <param name="Entry">What it becomes when it is complete; null for one that was there.</param>
    /// <param name="Name">Where it was made; null for one that was there.</param>
    private sealed record Level(SafeFileHandle Directory, CopyEntry? Entry, string? Name);
}
