using System.Globalization;
using System.Text;
using Torchyard.Supervisor.Native;

namespace Torchyard.Supervisor.Preparation;

/// <summary>The user's line of /etc/passwd (passwd(5)).</summary>
/// <param name="Name">Login name.</param>
/// <param name="Home">Home directory.</param>
internal sealed record PasswdLine(string Name, string Home)
{
    /// <summary>Looks a user id up; null when the image does not know it.</summary>
    public static PasswdLine? Find(uint user, string passwd = "/etc/passwd")
    {
        try
        {
            var id = user.ToString(CultureInfo.InvariantCulture);
            foreach (var line in Encoding.UTF8.GetString(PosixFile.Read(passwd, 1 << 20)).Split('\n'))
            {
                if (line.Split(':') is [var name, _, var number, _, _, var home, ..] && number == id)
                {
                    return new PasswdLine(name, home);
                }
            }
        }
        catch (PosixException)
        {
            // No /etc/passwd is the same as no line in it.
        }

        return null;
    }
}
