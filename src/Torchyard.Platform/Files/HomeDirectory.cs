using Torchyard.Platform.Linux;
using Torchyard.Platform.Processes;

namespace Torchyard.Platform.Files;

/// <summary>Whose home directory HOME is: after <c>sudo -E</c> and the like it is that of whoever became this user.</summary>
public static class HomeDirectory
{
    /// <summary>
    /// The directory itself when nobody else decides what is in it; else the one that the machine's list of users has. What this user
    /// keeps, trusts, changes or removes is there.
    /// </summary>
    /// <param name="home">What HOME says, absolute.</param>
    public static string Own(string home) => Own(home, UserCalls.EffectiveUser(), IdentityMap.ReadUsers().IsWholeMachine);

    /// <summary>The home directory that the machine's list of users has; null for a user who is not in it.</summary>
    public static string? Listed => UserCalls.HomeOf(UserCalls.EffectiveUser());

    /// <summary>As above, for a user.</summary>
    /// <param name="home">What HOME says, absolute.</param>
    /// <param name="user">Effective user.</param>
    /// <param name="isWholeMachine">False in a user namespace, whose root is an ordinary user outside.</param>
    internal static string Own(string home, uint user, bool isWholeMachine)
    {
        var facts = FileFacts.Find(Real(home));
        // Whoever can write to root's home decides what root does. Of an ordinary user it is that user's own choice, and there may be none.
        var isOwn = user == 0 && isWholeMachine ? facts is { IsOursAlone: true } : facts is null or { IsOfTrustedOwner: true };
        return isOwn ? home
            : UserCalls.HomeOf(user) is { } listed && listed.StartsWith('/') ? listed
            : user == 0 ? "/root"
            : home;
    }

    private static string Real(string path)
    {
        try
        {
            return RealPath.Of(path);
        }
        catch (IOException)
        {
            // Links in a circle lead to nothing.
            return path;
        }
    }
}
