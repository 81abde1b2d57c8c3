namespace Torchyard.Containers.State;

/// <summary>Ids of containers: 64 hexadecimal digits, as other engines have them.</summary>
internal static class ContainerId
{
    /// <summary>
    /// A new id. Of the kernel's random numbers, by way of <see cref="Guid"/>: <c>RandomNumberGenerator</c> loads OpenSSL first,
    /// which takes 3 ms of a start.
    /// </summary>
    public static string New() => Guid.NewGuid().ToString("N") + Guid.NewGuid().ToString("N");

    /// <summary>True for text of the form of an id.</summary>
    public static bool IsOne(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigitLower);
}
