using System.Globalization;
using System.Text;
using Torchyard.Images.Debian.Configure;
using Torchyard.Images.Debian.Unpacking;
using Torchyard.Images.Layers;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Linux;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Environments;

/// <summary>The top layer: the user's account, the supervisor with its configuration, and what apt in the image needs to know.</summary>
internal static class EnvironmentLayer
{
    internal const string History = "torchyard environment: user, services, supervisor";

    private const string AutoMarks = "var/lib/apt/extended_states";

    private static readonly string[] AccountPaths = ["etc/passwd", "etc/group", "etc/shadow", "etc/gshadow"];

    /// <summary>Writes the layer into an empty directory; returns the parts of its key.</summary>
    internal static IReadOnlyList<string> Write(
        string directory,
        IReadOnlyList<string> lower,
        RecipeLock locked,
        SupervisorProgram supervisor,
        long epoch
    )
    {
        using var upper = new UpperDirectory(directory, lower);
        var parts = new List<string> { epoch.ToString(CultureInfo.InvariantCulture), Packing.Of(locked).Key };
        foreach (var entry in EnvironmentFiles.For(locked.Recipe, supervisor.Content, python: ProjectPython.Of(locked), under: locked.Base))
        {
            var path = entry.Path.TrimStart('/');
            if (entry.Content is { } content)
            {
                Put(path, content.Span, (int)entry.Mode, (uint)entry.Uid, (uint)entry.Gid);
            }
            else if (entry.LinkTarget is { } target)
            {
                upper.Link(path, target, (uint)entry.Uid, (uint)entry.Gid);
                parts.Add($"{path} -> {target} {entry.Uid} {entry.Gid}");
            }
            else
            {
                upper.MakeDirectory(path, (int)entry.Mode, (uint)entry.Uid, (uint)entry.Gid);
                parts.Add($"{path} {(int)entry.Mode} {entry.Uid} {entry.Gid}");
            }
        }

        // Where the image below leaves things to the first start, they are left to that of this one, too.
        var inherited = upper.Status(FirstStart.DocumentPath) is null ? [] : locked.Base?.Packages.Select(package => package.Name) ?? [];
        if (FirstStart.Of(locked.Packages.Select(package => package.Name).Concat(inherited)) is { Count: > 0 } steps)
        {
            Put(FirstStart.DocumentPath, FirstStart.Document(steps), FileModes.Readable, 0, 0);
        }

        WriteAccounts();
        WriteApt();
        return parts;

        void Put(string path, ReadOnlySpan<byte> content, int mode, uint user, uint group)
        {
            upper.Write(path, content, mode, user, group, epoch);
            parts.Add($"{path} {mode} {user} {group} {Digest.Of(content).Hex}");
        }

        void WriteAccounts()
        {
            var texts = AccountPaths.Select(path => upper.Status(path) is null ? null : upper.ReadText(path)).ToArray();
            var accounts = TrainerAccount.AddTo(new AccountFiles(texts[0] ?? "", texts[1] ?? "", texts[2], texts[3]));
            var after = new[] { accounts.Passwd, accounts.Group, accounts.Shadow, accounts.Gshadow };
            for (var index = 0; index < after.Length; index++)
            {
                if (after[index] is { } text)
                {
                    // Mode and group of shadow files are Debian's; the group id comes from the file that is replaced.
                    var (mode, group) = upper.Status(AccountPaths[index]) is { IsRegular: true } file
                        ? ((int)file.Permissions, file.Group)
                        : (FileModes.Readable, 0);
                    Put(AccountPaths[index], Encoding.UTF8.GetBytes(text), mode, 0, group);
                }
            }
        }

        void WriteApt()
        {
            if (upper.Status("usr/bin/apt-get") is null)
            {
                return;
            }

            // An image that is built on has sources of its own, which stay.
            var sources = new StringBuilder();
            // Of the others the image has no keys.
            foreach (var archive in locked.Archives.Where(archive => !archive.IsFurther))
            {
                sources
                    .Append("Types: deb\nURIs: ")
                    .Append(archive.Uri)
                    .Append("\nSuites: ")
                    .Append(archive.Suite)
                    .Append("\nComponents: ")
                    .AppendJoin(' ', archive.Components)
                    .Append("\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n\n");
            }

            if (locked.Base is null)
            {
                Put("etc/apt/sources.list.d/debian.sources", Encoding.UTF8.GetBytes(sources.ToString()), FileModes.Readable, 0, 0);
            }
            else if (locked.Packages.Count == 0)
            {
                return;
            }

            var marks = new StringBuilder(locked.Base is null ? "" : upper.ReadText(AutoMarks));
            foreach (var package in locked.Packages.Where(package => !package.Requested && !package.Essential))
            {
                marks
                    .Append("Package: ")
                    .Append(package.Name)
                    .Append("\nArchitecture: ")
                    .Append(package.Architecture == "all" ? locked.Recipe.Base.Architecture : package.Architecture)
                    .Append("\nAuto-Installed: 1\n\n");
            }

            Put(AutoMarks, Encoding.UTF8.GetBytes(marks.ToString()), FileModes.Readable, 0, 0);
        }
    }
}
