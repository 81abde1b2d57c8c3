using System.Text.RegularExpressions;
using Microsoft.Win32.SafeHandles;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Copying;

/// <summary>
/// The private directory in which a copy makes what is new, before it takes its place. It is locked as long as its process lives, and the
/// kernel lets go of the lock when that is killed: the next copy into the same directory removes what it left.
/// </summary>
internal sealed partial class CopyWork : IDisposable
{
    private const string Prefix = ".torchyard-cp.";

    private readonly SafeFileHandle _place;
    private readonly string _name;

    private CopyWork(SafeFileHandle place, string name, SafeFileHandle directory) => (_place, _name, Directory) = (place, name, directory);

    /// <summary>The directory, opened.</summary>
    public SafeFileHandle Directory { get; }

    /// <summary>Makes one, as the user of this process; null and an error number where it cannot be made.</summary>
    /// <param name="place">The directory that the copies go into.</param>
    /// <param name="error">Why not.</param>
    public static CopyWork? TryMake(SafeFileHandle place, out int error)
    {
        while (true)
        {
            var name = Prefix + Guid.NewGuid().ToString("N")[..12];
            if (NameCalls.MakeDirectory(place, name, FileModes.PrivateDirectory) < 0)
            {
                error = Errno.Last;
                return null;
            }

            var directory = OpenCalls.OpenAt(place, name, OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.CloseOnExec, 0);
            error = directory.IsInvalid ? Errno.Last : 0;
            if (error == 0 && ControlCalls.TryLock(directory, exclusive: true) == 0 && StatusCalls.Read(place, name) is not null)
            {
                return new CopyWork(place, name, directory);
            }

            directory.Dispose();
            // Between being made and locked it looks like one that a killed copy left: another copy may have removed it.
            if (error is not (0 or Errno.NoEntry))
            {
                return null;
            }
        }
    }

    /// <summary>Removes what copies left here whose processes are gone.</summary>
    public void RemoveForsaken()
    {
        using var place = ConfinedDirectory.Of(Duplicate(_place), "");
        if (StatusCalls.Read(_place, _name) is not { } own)
        {
            return;
        }

        foreach (var name in place.List().Where(name => name != _name && Name().IsMatch(name)))
        {
            // One that a program of the container made has another owner, or can be entered.
            if (StatusCalls.Read(_place, name) is { IsDirectory: true } other && other.User == own.User && other.Mode == own.Mode)
            {
                RemoveForsaken(name);
            }
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        // What is left of a copy that failed is removed by descriptor, and of the name no more than an empty directory: somebody may have
        // put another one there.
        using (var work = ConfinedDirectory.Of(Directory, _name))
        {
            work.Clear();
        }

        _ = NameCalls.Remove(_place, _name, At.RemoveDirectory);
    }

    private void RemoveForsaken(string name)
    {
        var directory = OpenCalls.OpenAt(_place, name, OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.CloseOnExec, 0);
        if (directory.IsInvalid || ControlCalls.TryLock(directory, exclusive: true) != 0)
        {
            directory.Dispose();
            return;
        }

        using var left = ConfinedDirectory.Of(directory, name);
        left.Clear();
        _ = NameCalls.Remove(_place, name, At.RemoveDirectory);
    }

    private static SafeFileHandle Duplicate(SafeFileHandle directory) =>
        OpenCalls.OpenAt(directory, ".", OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.CloseOnExec, 0);

    [GeneratedRegex(@"\A\.torchyard-cp\.[0-9a-f]{12}\z")]
    private static partial Regex Name();
}
