using System.Text;
using System.Text.RegularExpressions;
using Torchyard.Packages.Errors;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Wishes;

namespace Torchyard.Packages.Python.Settings;

/// <summary>
/// <c>${VARIABLES}</c> of the environment, so that requirement files need hold no secret (pip documentation, "Using environment
/// variables"). pip replaces them anywhere in a line, which lets a file of somebody else send any variable to any server as a path, a query
/// or the name of a package. Here they stand for the user and the password of a URL and nothing else, and only for hosts that may have
/// them.
/// </summary>
/// <param name="environment">Looks up an environment variable.</param>
/// <param name="mayHave">Says whether a variable may be sent to a host; gets its name, and the host with its port where the URL has
/// one.</param>
/// <param name="wasAllowed">The same for what somebody was asked about: a survey names it each time, so that the answer is remembered as
/// long as it is of use.</param>
public sealed partial class CredentialVariables(
    Func<string, string?> environment,
    Func<string, string, bool> mayHave,
    Func<string, string, bool>? wasAllowed = null
)
{
    // Of a credential whose value nobody may see yet.
    private const string Unknown = "unknown";

    // Besides letters and digits, what may stand in user:password (RFC 3986, userinfo), already encoded or not.
    private const string Plain = "-._~!$&'()*+,;=:%";

    /// <summary>Variables in the settings of the user, who wrote down which host gets them.</summary>
    public static CredentialVariables OfUser(Func<string, string?> environment) => new(environment, static (_, _) => true);

    /// <summary>The text with its variables replaced.</summary>
    /// <param name="text">A requirement, or the value of an option.</param>
    /// <param name="place">Where its first character stands, or null.</param>
    /// <param name="survey">Gets a wish for each variable that the user's settings do not allow; one that nobody else allowed yet is then
    /// not looked up. Null to refuse it.</param>
    /// <exception cref="TorchyardException">TY1042: a variable stands anywhere else, or its host may not have it; TY2512: it is not
    /// set.</exception>
    public string Expand(string text, SourceLocation? place, ICollection<Wish>? survey = null) =>
        HostOf(text, offset => Moved(place, offset)) is { } host ? Replace(text, host, place, survey) : text;

    /// <summary>
    /// The host that gets the variables of a line; null where it has none. The whole line is looked at, whatever pip would make of its
    /// parts.
    /// </summary>
    /// <param name="text">The line.</param>
    /// <param name="at">Gives the place of a character.</param>
    /// <exception cref="TorchyardException">TY1042: a variable stands anywhere but in the credential of the line's URL.</exception>
    public static string? HostOf(string text, Func<int, SourceLocation?> at)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(at);
        var variables = Variable().Matches(text);
        if (variables.Count == 0)
        {
            return null;
        }

        var url = Credential().Match(text);
        var user = url.Groups["user"];
        return
            variables.FirstOrDefault(variable =>
                !url.Success || variable.Index < user.Index || variable.Index + variable.Length > user.Index + user.Length
            )
                is { } wrong
            ? throw Refused(
                at(wrong.Index),
                $"{wrong.Value} would send the environment variable {wrong.Groups["name"].Value} to a server: it may stand only for the "
                    + "user or the password of a URL",
                "write it as https://user:${VARIABLE}@host/, or write the value itself"
            )
            : url.Groups["host"].Value.ToLowerInvariant();
    }

    /// <summary>The variables of a URL's login, each with the host that gets it, whether they are set or not.</summary>
    /// <exception cref="TorchyardException">As <see cref="HostOf"/>.</exception>
    public static IReadOnlyList<(string Name, string Host)> In(string url) =>
        HostOf(url, static _ => null) is { } host
            ? [.. Variable().Matches(url).Select(variable => (variable.Groups["name"].Value, host))]
            : [];

    /// <summary>A part of a line with its variables replaced.</summary>
    /// <param name="part">The part.</param>
    /// <param name="host">The host of the whole line (<see cref="HostOf"/>).</param>
    /// <param name="place">Where the part begins, or null.</param>
    /// <param name="survey">As for <see cref="Expand"/>.</param>
    /// <exception cref="TorchyardException">TY1042: the host may not have it; TY2512: it is not set.</exception>
    public string Replace(string part, string host, SourceLocation? place, ICollection<Wish>? survey)
    {
        ArgumentNullException.ThrowIfNull(part);
        ArgumentNullException.ThrowIfNull(host);
        return Variable().Replace(part, variable => Value(variable.Groups["name"].Value, host, Moved(place, variable.Index), survey));
    }

    private static SourceLocation? Moved(SourceLocation? place, int columns) =>
        place is null ? null : place with { Column = place.Column + columns };

    private string Value(string name, string host, SourceLocation? place, ICollection<Wish>? survey)
    {
        if (!mayHave(name, host))
        {
            survey?.Add(Wish.Variable(name, host, place is null ? "" : $"{place.File}:{place.Line}"));
        }

        if (!mayHave(name, host) && wasAllowed?.Invoke(name, host) != true)
        {
            if (survey is null)
            {
                throw Refused(
                    place,
                    $"the environment variable {name} would be sent to {host}, which nobody allowed",
                    $"allow it with 'torchyard trust', or name {host} in your own settings: pip.conf, netrc or apt's auth.conf"
                );
            }

            return Unknown;
        }

        var value = environment(name)
            ?? throw new TorchyardException(
                PackageCodes.WrongRequirement,
                (place is null ? "" : $"{place}: ") + $"the environment variable {name} is not set",
                $"set it (export {name}=…), or write its value"
            )
            {
                Location = place,
                IsUsage = true,
            };
        var encoded = new StringBuilder();
        foreach (var octet in Encoding.UTF8.GetBytes(value))
        {
            // What would end the credential must not: the host of the URL stays what it was.
            _ =
                char.IsAsciiLetterOrDigit((char)octet) || Plain.Contains((char)octet, StringComparison.Ordinal)
                    ? encoded.Append((char)octet)
                    : encoded.Append('%').Append(octet.ToString("X2", null));
        }

        return encoded.ToString();
    }

    private static TorchyardException Refused(SourceLocation? place, string why, string cure) =>
        new("TY1042", place is null ? why : $"{place}: {why}", cure) { Location = place, IsUsage = true };

    // pip documentation, "Using environment variables": uppercase letters, digits and the underscore.
    [GeneratedRegex(@"\$\{(?<name>[A-Z0-9_]+)\}", RegexOptions.CultureInvariant)]
    private static partial Regex Variable();

    // user:password@host of the URL that a line has: alone, as an option's value, behind a name. Nothing in it can be read in two ways: it
    // is the first URL of the line, it has one '@' and no slash of either kind before its host, and the host is plain letters or an IPv6
    // address.
    [GeneratedRegex(
        @"\A\s*(?:--[a-z-]+[=\s]\s*|-[a-z]\s*)?(?:[A-Za-z0-9][A-Za-z0-9._,\[\]\s-]*@\s*)?(?:git\+)?[A-Za-z][A-Za-z0-9]*://(?<user>[^\s/\\@?#""'<>]+)@(?<host>(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?)(?=[/?#\s;]|\z)",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Credential();
}
