using System.Globalization;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;

namespace Torchyard.Images.Environments;

/// <summary>The account databases of a root (passwd(5), group(5), shadow(5), gshadow(5)), as text.</summary>
/// <param name="Passwd"><c>/etc/passwd</c>.</param>
/// <param name="Group"><c>/etc/group</c>.</param>
/// <param name="Shadow"><c>/etc/shadow</c>; null when the root has none.</param>
/// <param name="Gshadow"><c>/etc/gshadow</c>; null when the root has none.</param>
internal sealed record AccountFiles(string Passwd, string Group, string? Shadow, string? Gshadow);

/// <summary>The user that works inside the container.</summary>
internal static class TrainerAccount
{
    private const string Name = EnvironmentPlaces.User;
    private const int Id = EnvironmentPlaces.UserId;
    private const string Home = EnvironmentPlaces.Home;

    /// <summary>Adds the account; files that have it already come back as they are.</summary>
    /// <exception cref="TorchyardException">TY4801: its name or id belongs to another account.</exception>
    public static AccountFiles AddTo(AccountFiles files)
    {
        ArgumentNullException.ThrowIfNull(files);
        // "*" is a password that nothing matches. "!" would mean a locked account, which sshd refuses even with a key.
        return new AccountFiles(
            Append(files.Passwd, "passwd", $"{Name}:x:{Id}:{Id}:,,,:{Home}:/bin/bash"),
            Append(files.Group, "group", $"{Name}:x:{Id}:"),
            files.Shadow is null ? null : Append(files.Shadow, "shadow", $"{Name}:*:19700:0:99999:7:::"),
            files.Gshadow is null ? null : Append(files.Gshadow, "gshadow", $"{Name}:!::")
        );
    }

    private static string Append(string text, string file, string line)
    {
        var hasIds = file is "passwd" or "group";
        foreach (var existing in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var fields = existing.Split(':');
            var sameName = fields[0] == Name;
            var sameId = hasIds && fields.Length > 2 && fields[2] == Id.ToString(CultureInfo.InvariantCulture);
            if (sameName && (sameId || !hasIds))
            {
                return text;
            }

            if (sameName || sameId)
            {
                throw new TorchyardException(
                    "TY4801",
                    $"/etc/{file} of the image has another account with the name '{Name}' or the id {Id}: {existing}",
                    "remove the package that makes this account from the recipe, or let it use another id"
                );
            }
        }

        return (text.Length == 0 || text.EndsWith('\n') ? text : text + "\n") + line + "\n";
    }
}
