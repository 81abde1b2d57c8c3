using System.Globalization;
using Torchyard.Containers.Oci;
using Torchyard.Platform.Errors;

namespace Torchyard.Containers.Launch;

/// <summary>The user that a container's program runs as.</summary>
internal sealed record ContainerUser
{
    /// <summary>User id inside.</summary>
    public required uint Uid { get; init; }

    /// <summary>Group id inside.</summary>
    public required uint Gid { get; init; }

    /// <summary>Supplementary groups.</summary>
    public required IReadOnlyList<uint> Groups { get; init; }

    /// <summary>Home directory, for HOME.</summary>
    public required string Home { get; init; }

    /// <summary>Login name, or null for an id without a row.</summary>
    public required string? Name { get; init; }

    /// <summary>The user for the runtime.</summary>
    internal UserConfig ToConfig() =>
        new()
        {
            Uid = Uid,
            Gid = Gid,
            AdditionalGids = Groups,
        };
}

/// <summary>
/// Resolves <c>user[:group]</c> with the image's own /etc/passwd and /etc/group, as docker does: names or numbers,
/// supplementary groups only when no group is named. The files are read from the layers, never through a link.
/// </summary>
internal static class UserResolver
{
    /// <summary>Resolves a user.</summary>
    /// <param name="text"><c>user[:group]</c>; empty is root.</param>
    /// <param name="moreGroups">Further groups.</param>
    /// <param name="passwd">Lines of /etc/passwd (passwd(5)).</param>
    /// <param name="group">Lines of /etc/group (group(5)).</param>
    /// <exception cref="TorchyardException">TY4033: the image does not know the name.</exception>
    public static ContainerUser Resolve(
        string text,
        IReadOnlyList<string> moreGroups,
        IReadOnlyList<string> passwd,
        IReadOnlyList<string> group
    )
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(moreGroups);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var userText = colon < 0 ? text : text[..colon];
        var groupText = colon < 0 ? "" : text[(colon + 1)..];
        userText = userText.Length == 0 ? "0" : userText;
        var users = passwd.Select(l => l.Split(':')).Where(f => f.Length >= 7).ToList();
        var groups = group.Select(l => l.Split(':')).Where(f => f.Length >= 4).ToList();

        var row = users.FirstOrDefault(f => f[0] == userText)
            ?? (TryId(userText, out var number) ? users.FirstOrDefault(f => TryId(f[2], out var id) && id == number) : null);
        uint uid;
        if (row is not null && TryId(row[2], out var rowUid))
        {
            uid = rowUid;
        }
        else if (!TryId(userText, out uid))
        {
            throw Unknown("user", userText);
        }

        var gid =
            groupText.Length > 0 ? GroupId(groupText, groups)
            : row is not null && TryId(row[3], out var rowGid) ? rowGid
            : 0;
        var more = new SortedSet<uint>();
        if (groupText.Length == 0 && row is not null)
        {
            more.UnionWith(groups.Where(f => f[3].Split(',').Contains(row[0])).Select(f => TryId(f[2], out var id) ? id : gid));
        }

        more.UnionWith(moreGroups.Select(g => GroupId(g, groups)));
        more.Remove(gid);
        return new ContainerUser
        {
            Uid = uid,
            Gid = gid,
            Groups = [.. more],
            Home = row is { } && row[5].StartsWith('/') ? row[5] : "/",
            Name = row?[0],
        };
    }

    private static uint GroupId(string text, List<string[]> groups) =>
        groups.FirstOrDefault(f => f[0] == text) is { } row && TryId(row[2], out var id) ? id
        : TryId(text, out var number) ? number
        : throw Unknown("group", text);

    private static bool TryId(string text, out uint id) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id) && id <= int.MaxValue;

    private static TorchyardException Unknown(string what, string name) =>
        new(
            "TY4033",
            $"the image has no {what} '{name}' in its /etc/{(what == "user" ? "passwd" : "group")}",
            $"name another {what} with --user, or a number"
        )
        {
            IsUsage = true,
        };
}
