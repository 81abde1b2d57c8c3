using Torchyard.Platform.Errors;
using Torchyard.Registry.Errors;

namespace Torchyard.Mirror.Serving;

/// <summary>What a client is told when another registry did not give what it wants.</summary>
internal static class UpstreamRefusal
{
    /// <summary>
    /// The answer for a failure. A login that is wrong is the mirror's, not the client's: a 401 would have the client ask for one that
    /// nobody wants.
    /// </summary>
    /// <param name="failure">Why.</param>
    /// <param name="unknown">Code for what the other registry does not have.</param>
    public static RefusedException Of(Exception failure, string unknown) =>
        failure switch
        {
            TorchyardException { Code: RegistryCodes.NotFound } => new RefusedException(404, unknown, failure.Message),
            TorchyardException { Code: RegistryCodes.Denied } => new RefusedException(404, "NAME_UNKNOWN", failure.Message),
            TorchyardException { Code: RegistryCodes.TooOften } => new RefusedException(429, "TOOMANYREQUESTS", failure.Message),
            TorchyardException => new RefusedException(502, "UNKNOWN", failure.Message),
            IOException => new RefusedException(507, "UNKNOWN", "the mirror cannot write"),
            _ => new RefusedException(503, "UNKNOWN", "the mirror is ending"),
        };
}
