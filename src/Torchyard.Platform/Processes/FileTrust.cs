using Torchyard.Platform.Linux;

namespace Torchyard.Platform.Processes;

/// <summary>
/// Says whether anybody but root and the caller can change what a path leads to: the file itself, a directory on the way to it, or a link
/// on the way with all that is on the way to its target.
/// </summary>
/// <param name="owners">Users whose files are as good as the caller's own.</param>
/// <param name="groups">Groups that nobody but such users is in.</param>
internal sealed class FileTrust(IReadOnlySet<uint> owners, IReadOnlySet<uint> groups)
{
    private enum Place
    {
        /// <summary>A directory on the way; where it is sticky only the owner of an entry can replace it.</summary>
        OnTheWay,

        /// <summary>The directory that the program is in, or the program.</summary>
        Final,
    }

    /// <summary>The rule for this process.</summary>
    public static FileTrust OfThisProcess { get; } =
        Of(UserCalls.EffectiveUser(), UserCalls.EffectiveGroup(), IdentityMap.ReadUsers(), IdentityMap.ReadGroups());

    /// <summary>The rule for a user.</summary>
    /// <param name="user">Effective user.</param>
    /// <param name="group">Effective group.</param>
    /// <param name="users">User ids of the namespace.</param>
    /// <param name="privateGroups">Group ids of the namespace.</param>
    public static FileTrust Of(uint user, uint group, IdentityMap users, IdentityMap privateGroups)
    {
        if (users.IsWholeMachine)
        {
            // A group with the user's own number is the user's alone (user private groups, as in pam_umask(8)).
            return new FileTrust(
                new HashSet<uint> { 0, user },
                user != 0 && user == group ? new HashSet<uint> { group } : new HashSet<uint>()
            );
        }

        // In a user namespace the machine's root has no number and looks like everybody else who has none. The search path comes from
        // outside, where they were told apart.
        return new FileTrust(
            new HashSet<uint>([0, user, IdentityMap.Overflow, .. users.Single]),
            new HashSet<uint>([.. privateGroups.Single])
        );
    }

    /// <summary>True for a user whose files are as good as the caller's own.</summary>
    public bool IsOwner(uint user) => owners.Contains(user);

    /// <summary>True for a group that nobody else is in.</summary>
    public bool IsPrivateGroup(uint group) => groups.Contains(group);

    /// <summary>Whether somebody else may replace a directory or an entry of it; null when nobody may.</summary>
    /// <param name="path">Absolute path of the directory.</param>
    public Mistrust? CheckDirectory(string path) =>
        Walk(path, finalDirectories: 0, out var kind)
        ?? (kind == FileKind.Directory ? null : new Mistrust(path, 0, 0, "is not a directory"));

    /// <summary>
    /// Whether somebody else may put another directory in the place of one; what they may do in it where it is sticky does not count.
    /// </summary>
    /// <param name="path">Absolute path of the directory.</param>
    public Mistrust? CheckWay(string path) => Walk(path, finalDirectories: -1, out _);

    /// <summary>Whether somebody else may replace a program; null when nobody may.</summary>
    /// <param name="path">Absolute path of the program.</param>
    public Mistrust? CheckProgram(string path) =>
        Walk(path, finalDirectories: 1, out var kind) ?? (kind == FileKind.Regular ? null : new Mistrust(path, 0, 0, "is not a file"));

    /// <summary>True for something that can be started at all, whoever it belongs to.</summary>
    public static bool IsProgram(string path) =>
        StatusCalls.TryRead(At.CurrentDirectory, path, 0, out var status)
        && (status.Mode & FileKind.Mask) == FileKind.Regular
        && (status.Mode & FileModes.AnyExecute) != 0;

    private Mistrust? Walk(string path, int finalDirectories, out uint kind)
    {
        kind = FileKind.Directory;
        if (!path.StartsWith('/'))
        {
            return new Mistrust(path, 0, 0, "is not an absolute path");
        }

        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries).Count(part => part != ".");
        if (Judge("/", parts <= finalDirectories ? Place.Final : Place.OnTheWay, out _) is { } root)
        {
            return root;
        }

        Mistrust? found = null;
        var last = FileKind.Directory;
        var links = 0;
        _ = LinkWalk.Follow(path, (next, left) =>
        {
            found = Judge(next, left <= finalDirectories ? Place.Final : Place.OnTheWay, out last);
            if (found is not null)
            {
                return null;
            }

            if (last != FileKind.Link)
            {
                return "";
            }

            last = FileKind.Directory;
            if (++links <= LinkWalk.MostLinks && new FileInfo(next).LinkTarget is { Length: > 0 } target)
            {
                return target;
            }

            found = new Mistrust(next, 0, 0, "is a link that leads nowhere");
            return null;
        });
        kind = last;
        return found;
    }

    private Mistrust? Judge(string path, Place place, out uint kind)
    {
        if (!StatusCalls.TryRead(At.CurrentDirectory, path, At.NoFollow, out var status))
        {
            kind = 0;
            return new Mistrust(path, 0, 0, "cannot be looked at");
        }

        kind = status.Mode & FileKind.Mask;
        var mode = (uint)status.Mode & FileModes.Mask;
        if (!IsOwner(status.User))
        {
            return new Mistrust(path, status.User, mode, "belongs to another user");
        }

        // The mode of a link says nothing.
        var isWritable =
            kind != FileKind.Link
            && ((mode & FileModes.OthersWrite) != 0 || ((mode & FileModes.GroupWrite) != 0 && !IsPrivateGroup(status.Group)));
        var isExcused = place == Place.OnTheWay && kind == FileKind.Directory && (mode & FileModes.Sticky) != 0;
        return isWritable && !isExcused ? new Mistrust(path, status.User, mode, "can be changed by other users") : null;
    }
}
