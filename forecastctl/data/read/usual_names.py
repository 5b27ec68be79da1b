"""Names that columns of airports, dates and passengers usually have."""

from __future__ import annotations

import re

# The first name of each group wins over the others; two of the others are ambiguous.
USUAL_NAMES = {
    "airport": (
        ("airport", "unique id", "airport code"),
        (
            *("iata", "iata code", "icao", "icao code", "airport id", "airport name", "code"),
            *(
                "airport iata",
                "rep airp",
                "apt",
                "apt code",
                "airports",
                "station",
                "series",
                "series id",
            ),
            *("aéroport", "flughafen", "aeropuerto", "aeroporto", "luchthaven", "lotnisko"),
            *("flygplats", "lufthavn", "lentoasema", "havalimanı", "havaalanı", "аэропорт"),
            *("letiště", "repülőtér", "aeroport", "aerodrom", "空港", "机场", "공항"),
        ),
    ),
    "date": (
        ("date", "ds"),
        (
            *("month", "period", "day", "week", "quarter", "timestamp", "time", "datetime"),
            *("trimestre", "trimester", "quartal", "kwartaal", "kvartal", "qtr", "квартал"),
            *("woche", "semaine", "semana", "settimana", "vecka", "kw", "isoweek"),
            *("ref date", "month of date", "kal jahr/monat", "kalenderjahr/monat"),
            *("calendar year/month", "cal year/month", "year/month", "jahr/monat"),
            *("year month", "yearmonth", "time period", "activity period", "month start"),
            *("datum", "fecha", "data", "dato", "pvm", "tarih", "дата", "zeitraum", "periode"),
            *("période", "periodo", "período", "mois", "monat", "mes", "mês", "mese", "maand"),
            *("miesiąc", "měsíc", "måned", "månad", "kuukausi", "ay", "месяц", "年月", "月份"),
        ),
    ),
    "value": (
        ("passengers", "y", "total passengers"),
        (
            *(
                "pax total",
                "measure values",
                "total",
                "value",
                "pax",
                "total pax",
                "passenger count",
                "passengers total",
            ),
            *("throughput", "traffic", "enplanements", "count", "number of passengers"),
            *("obs value", "passagers", "passagiere", "fluggäste", "pasajeros", "passageiros"),
            *("passeggeri", "passagiers", "pasażerowie", "passagerare", "passagerer"),
            *("passasjerer", "matkustajat", "yolcu", "пассажиры", "cestující", "utasok"),
            *("旅客数", "乗降客数", "旅客吞吐量", "여객"),
        ),
    ),
}
IN_PARENTHESES = re.compile(
    r"[(\[](?:(?:in )?(?:thousands?|millions?|'?000s?|1000s?|tausend|tsd|mio|milliers|miles|"
    r"migliaia|duizend(?:en)?|tys|тыс)|total|all|both directions|numbers?|no|nos|persons?|people|"
    r"count|units?|anzahl|personen|nombre|personnes|número|numero|personas|pessoas|persone|"
    r"aantal|antal|liczba|чел|人|명)[)\]]$"
)
"""What is counted, or how, behind the name of a column."""
