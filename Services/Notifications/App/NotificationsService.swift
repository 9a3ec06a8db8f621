import ServiceKit

/// Tells people what concerns them: in their inbox, by e-mail, by webhook.
@main
struct NotificationsService {
    static func main() async {
        await launch(.notifications) { (settings: NotificationsSettings, host) in
            try settings.database.refuseStore(newerThan: 3, of: .notifications)
            let parts = try NotificationsParts(settings, host)
            InboxRoutes(parts).add(to: host)
            return parts.services
        }
    }
}
