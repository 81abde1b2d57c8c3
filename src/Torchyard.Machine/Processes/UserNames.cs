using System.Globalization;
using Torchyard.Machine.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Machine.Processes;

/// <summary>Login names of users.</summary>
/// <param name="files">The machine. On the running one, directories such as LDAP are asked too (nsswitch.conf(5)).</param>
public sealed class UserNames(MachineFiles files)
{
    /// <summary>The login name; <c>uid 12345</c> for one that has none, as users inside of containers.</summary>
    public string Of(uint user)
    {
        var number = user.ToString(CultureInfo.InvariantCulture);
        var listed = files
            .ReadLines("/etc/passwd")
            .Select(line => line.Split(':'))
            .Where(fields => fields.Length > 2 && fields[2] == number && fields[0].Length > 0)
            .Select(fields => fields[0])
            .FirstOrDefault();
        return listed ?? (files.IsLive ? UserCalls.NameOf(user) : null) ?? $"uid {number}";
    }
}
